//! A view of records of which another store keeps some: as if everything were with the records, on any of them.

use std::sync::Arc;

use jiff::Timestamp;
use school::StoreError;
use school::audit::AuditStore;
use school::messages::{self, Message, MessageStore};
use school::page::Limit;
use tokio::runtime::Handle;
use traffic::BanStore;

use super::{ArchiveError, Origin, Source, Table};
use crate::audit::entry_values;
use crate::bans::columns;
use crate::value::{Row, Value, values};

/// Entries that are asked for at once.
const PAGE: usize = 500;
const ENDS: &str = "SELECT COALESCE(MIN(seq), 0), COALESCE(MAX(seq), 0) FROM audit";

/// What is not with the records alone, by the ports that show all of it.
pub struct Beside {
    /// Messages.
    pub messages: Option<Arc<dyn MessageStore>>,
    /// The audit trail.
    pub audit: Option<Arc<dyn AuditStore>>,
    /// Bans.
    pub bans: Option<Arc<dyn BanStore>>,
    /// Where they are asked; something else must drive it.
    pub runtime: Handle,
}

/// The view, and what others keep of its moment.
pub(super) struct Joined<'a> {
    view: Box<dyn Source>,
    beside: &'a Beside,
    /// The last message of that moment.
    newest: i64,
}

impl<'a> Joined<'a> {
    pub(super) fn open(records: &Origin, beside: &'a Beside) -> Result<Self, ArchiveError> {
        // Nobody posts between the view and the look at the newest message.
        let _lock = records.lock()?;
        let view = records.view()?;
        let newest = match &beside.messages {
            Some(messages) => {
                let page = beside
                    .runtime
                    .block_on(messages.list(None, Limit::default()))?;
                page.rows.first().map(|newest| newest.id)
            }
            None => None,
        };
        Ok(Self {
            view,
            beside,
            newest: newest.unwrap_or_default(),
        })
    }

    /// The trail: what has left the records first.
    fn trail(&mut self, audit: &dyn AuditStore, table: &Table, take: Take<'_>) -> Outcome {
        let (first, _) = self.ends()?;
        let mut after = 0;
        while after + 1 < first {
            let entries = self.beside.runtime.block_on(audit.walk(after, PAGE))?;
            let entries = entries.into_iter().take_while(|entry| entry.seq < first);
            let before = after;
            for entry in entries {
                after = entry.seq;
                take(&entry_values(entry))?;
            }
            if after == before {
                // What is missing shows when the trail is walked over.
                break;
            }
        }
        self.view.each(table, take)
    }

    fn ends(&mut self) -> Result<(i64, i64), ArchiveError> {
        let rows = self.view.ask(ENDS, &[])?;
        let mut row = rows.into_iter().next().ok_or_else(ArchiveError::no_head)?;
        Ok((row.int()?, row.int()?))
    }

    /// Also those that have ended, in the order of the table's key.
    fn bans(&self, store: &dyn BanStore, take: Take<'_>) -> Outcome {
        let listed = self.beside.runtime.block_on(store.list(Timestamp::MIN));
        let mut bans = listed.map_err(|error| StoreError::Unavailable(error.into()))?;
        bans.sort_by_cached_key(|ban| ban.network.to_string());
        bans.iter().try_for_each(|ban| take(&columns(ban)))
    }

    fn messages(&self, store: &dyn MessageStore, take: Take<'_>) -> Outcome {
        let runtime = &self.beside.runtime;
        for part in runtime.block_on(messages::parts(store, self.newest + 1))? {
            for message in runtime.block_on(messages::part(store, part))? {
                take(&line_of(message))?;
            }
        }
        Ok(())
    }
}

type Outcome = Result<(), ArchiveError>;
type Take<'a> = &'a mut dyn FnMut(&[Value]) -> Outcome;

fn line_of(message: Message) -> Vec<Value> {
    values![
        message.id,
        message.message,
        message.name,
        message.person_id,
        message.created_at,
    ]
}

/// Everything is with the records again: nothing has left them, and nothing was told to another store.
fn unmoved(table: &Table, row: &[Value]) -> Option<Vec<Value>> {
    let (first, _) = row.split_first()?;
    match table.name.as_str() {
        "counter" if *first == Value::from("audit_moved") => Some(values!["audit_moved", 0_i64]),
        "removed_message" => Some(vec![first.clone(), Value::Int(0)]),
        _ => None,
    }
}

impl Source for Joined<'_> {
    fn schema(&self) -> i64 {
        self.view.schema()
    }

    fn count(&mut self, table: &Table) -> Result<u64, ArchiveError> {
        let other = match table.name.as_str() {
            "audit" if self.beside.audit.is_some() => Some(self.ends()?.1),
            // Those that were taken down are counted as well: it is for showing how far the work is.
            "message" if self.beside.messages.is_some() => Some(self.newest),
            _ => None,
        };
        match other {
            Some(count) => Ok(u64::try_from(count).unwrap_or_default()),
            None => self.view.count(table),
        }
    }

    fn each(&mut self, table: &Table, take: Take<'_>) -> Outcome {
        let beside = self.beside;
        match (
            table.name.as_str(),
            &beside.audit,
            &beside.messages,
            &beside.bans,
        ) {
            ("audit", Some(audit), ..) => self.trail(audit.as_ref(), table, take),
            ("message", _, Some(messages), _) => self.messages(messages.as_ref(), take),
            ("ban", .., Some(bans)) => self.bans(bans.as_ref(), take),
            _ => self.view.each(table, &mut |row| match unmoved(table, row) {
                Some(other) => take(&other),
                None => take(row),
            }),
        }
    }

    fn ask(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, ArchiveError> {
        self.view.ask(sql, params)
    }

    fn numbers(&mut self) -> Result<Vec<(String, i64)>, ArchiveError> {
        let mut numbers = self.view.numbers()?;
        if self.newest > 0 {
            // A number of the records counts for nothing where another store numbers messages.
            numbers.retain(|(table, last)| table != "message" || *last > self.newest);
            if numbers.iter().all(|(table, _)| table != "message") {
                numbers.push(("message".to_owned(), self.newest));
            }
        }
        Ok(numbers)
    }
}
