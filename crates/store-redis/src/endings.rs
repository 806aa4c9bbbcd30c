//! How sessions end with a change of their person, although the person is kept elsewhere.
//!
//! Before the change, a note says which version of the person it makes; after it, their sessions end and the note goes.
//! Whoever meets a note that was left compares it with the person: no session outlives the change, whenever a process
//! ends or a store goes away.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use redis::{Script, cmd};
use school::people::PeopleStore;
use school::reading::newest;
use school::secret::{hex, random_bytes};
use school::{PersonId, StoreError};
use tracing::debug;

use crate::failure::corrupt;
use crate::keys;
use crate::shared::Shared;

static BEGIN: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/begin_ending.lua")));
static FINISH: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/finish_ending.lua")));

/// How often notes that were left are looked for.
const ROUND: Duration = Duration::from_secs(5);
/// A change that is not done after so long will not be done: whoever began it has ended.
const GIVEN_UP_AFTER: Duration = Duration::from_mins(2);

/// The change that ends sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) person: PersonId,
    /// Which version of the person it makes; none if it removes them.
    pub(crate) version: Option<i64>,
    /// The session that goes on.
    pub(crate) keep: Option<i64>,
}

impl Ending {
    fn note(self) -> String {
        let text = |number: Option<i64>| number.map_or_else(|| "-".to_owned(), |n| n.to_string());
        format!("{} {}", text(self.version), text(self.keep))
    }
}

/// The notes on a server.
#[derive(Clone)]
pub(crate) struct Endings {
    shared: Arc<Shared>,
    /// The records themselves: nothing in between may remember an older version.
    people: Arc<dyn PeopleStore>,
}

impl Endings {
    pub(crate) fn new(shared: Arc<Shared>, people: Arc<dyn PeopleStore>) -> Self {
        Self { shared, people }
    }

    /// Notes what is about to be done; answers the note's ticket.
    pub(crate) async fn begin(&self, ending: Ending) -> Result<String, StoreError> {
        let ticket = hex(&random_bytes::<16>());
        let note = ending.note();

        let mut script = BEGIN.prepare_invoke();
        script
            .key(keys::ENDINGS)
            .key(keys::endings_of(ending.person))
            .arg(ending.person)
            .arg(&ticket)
            .arg(&note);
        self.shared.run::<i64>(&script).await?;
        Ok(ticket)
    }

    /// It was done: the sessions end.
    pub(crate) async fn end(&self, ending: Ending, ticket: &str) -> Result<(), StoreError> {
        self.finish(ending, ticket, "1").await
    }

    /// It was not done.
    pub(crate) async fn drop(&self, ending: Ending, ticket: &str) -> Result<(), StoreError> {
        self.finish(ending, ticket, "0").await
    }

    async fn finish(&self, ending: Ending, ticket: &str, ends: &str) -> Result<(), StoreError> {
        let keep = ending.keep.map(|id| id.to_string()).unwrap_or_default();

        let mut script = FINISH.prepare_invoke();
        script
            .key(keys::ENDINGS)
            .key(keys::endings_of(ending.person))
            .key(keys::sessions_of(ending.person))
            .arg(ending.person)
            .arg(ticket)
            .arg(ends)
            .arg(&keep);
        self.shared.run::<i64>(&script).await?;
        Ok(())
    }

    /// Looks at every note of a person; answers whether sessions may have ended.
    pub(crate) async fn settle(&self, person: PersonId) -> Result<bool, StoreError> {
        let notes: HashMap<String, String> = self
            .shared
            .ask(cmd("HGETALL").arg(keys::endings_of(person)))
            .await?;
        if notes.is_empty() {
            return Ok(false);
        }
        let found = newest(self.people.find(person)).await?;
        let version = found.map(|found| found.version);
        let (now, _): (u64, u64) = self.shared.ask(&cmd("TIME")).await?;
        let mut has_ended = false;
        for (ticket, note) in notes {
            let (since, ending) = read(person, &note)?;
            if is_done(ending, version) {
                self.end(ending, &ticket).await?;
                has_ended = true;
            } else if now.saturating_sub(since) > GIVEN_UP_AFTER.as_secs() {
                self.drop(ending, &ticket).await?;
            }
        }
        Ok(has_ended)
    }

    /// Settles what was left, again and again. Never ends.
    pub(crate) async fn keep_settling(self) {
        loop {
            if let Err(error) = self.round().await {
                debug!(%error, "sessions that may have to end wait");
            }
            tokio::time::sleep(ROUND).await;
        }
    }

    async fn round(&self) -> Result<(), StoreError> {
        let people: Vec<PersonId> = self.shared.ask(cmd("SMEMBERS").arg(keys::ENDINGS)).await?;
        for person in people {
            self.settle(person).await?;
        }
        Ok(())
    }
}

/// `version` is the person's now; none if they are gone.
fn is_done(ending: Ending, version: Option<i64>) -> bool {
    match (version, ending.version) {
        (None, _) => true,
        (Some(now), Some(made)) => now >= made,
        (Some(_), None) => false,
    }
}

/// When the note was made, in seconds of the server's clock, and what it says.
fn read(person: PersonId, note: &str) -> Result<(u64, Ending), StoreError> {
    let wrong = || {
        corrupt(format!(
            "the note `{note}` on a person's sessions can't be read"
        ))
    };
    let mut parts = note.split(' ');
    let mut part = || parts.next().ok_or_else(wrong);
    let since = part()?.parse().map_err(|_| wrong())?;
    let number = |text: &str| match text {
        "-" => Ok(None),
        text => text.parse().map(Some).map_err(|_| wrong()),
    };
    let ending = Ending {
        person,
        version: number(part()?)?,
        keep: number(part()?)?,
    };
    Ok((since, ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_back() {
        for (version, keep) in [(Some(3), Some(7)), (None, None), (Some(1), None)] {
            let ending = Ending {
                person: 5,
                version,
                keep,
            };
            let note = format!("1795176000 {}", ending.note());
            assert_eq!(read(5, &note).unwrap(), (1_795_176_000, ending));
        }
        for wrong in ["", "1 2", "x 1 -", "1 x -"] {
            assert!(read(5, wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_change_is_done_when_the_person_is_gone_or_as_new() {
        let of = |version| Ending {
            person: 5,
            version,
            keep: None,
        };
        assert!(is_done(of(Some(3)), Some(3)) && is_done(of(Some(3)), Some(4)));
        assert!(!is_done(of(Some(3)), Some(2)) && !is_done(of(None), Some(9)));
        assert!(is_done(of(None), None) && is_done(of(Some(3)), None));
    }
}
