//! The port of messages: written with the records, moved to MongoDB, read from both.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use futures_util::future::try_join_all;
use mongodb::Collection;
use mongodb::bson::{Document, doc};
use school::messages::{Message, MessageStore};
use school::outbox::Outbox;
use school::page::{Limit, Page};
use school::stores::StoreHealth;
use school::{Change, Inserted, PersonId, Repeat, StoreError, Stores, Timestamp};
use serde::{Deserialize, Serialize};

use crate::failure::{is_only_taken, store_error};
use crate::keeper::{Duty, Fault, Keeper, OpenError};
use crate::link::{Link, Options, Status, within};

pub(crate) const COLLECTION: &str = "message";
/// So many are moved at a time.
const PART: usize = 500;
/// More messages that were taken down and still stand on the server are not hidden one by one.
const MOST_REMOVALS: usize = 1000;

/// Messages that MongoDB keeps.
pub struct Messages {
    keeper: Keeper<Mover>,
    records: Stores,
    outbox: Arc<dyn Outbox>,
}

/// A message as a document. Its time is a number, since a date of BSON has only milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Stored {
    #[serde(rename = "_id")]
    id: i64,
    message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    person_id: Option<PersonId>,
    created_at: i64,
}

impl Messages {
    /// Begins to move what the records hold. The servers may be away: then they are waited for, once
    /// that is known.
    pub async fn open(
        options: Options,
        records: Stores,
        outbox: Arc<dyn Outbox>,
    ) -> Result<Self, OpenError> {
        let mover = Mover(outbox.clone());
        Ok(Self {
            keeper: Keeper::start(options, COLLECTION, mover).await?,
            records,
            outbox,
        })
    }

    /// Moves all that waits now.
    pub async fn settle(&self) -> Result<(), StoreError> {
        self.keeper.settle().await
    }

    /// What is known of the servers.
    pub fn status(&self) -> Status {
        self.keeper.link.status()
    }

    /// Ends the thread; what still waits stays with the records. Blocks until then.
    pub fn close(&self) {
        self.keeper.close();
    }

    async fn archived(
        &self,
        before: i64,
        limit: Limit,
        removed: &[i64],
    ) -> Result<Vec<Message>, StoreError> {
        let collection: Collection<Stored> = self.keeper.link.collection()?;
        let filter =
            doc! { "_id": { "$lt": before, "$nin": removed }, "gone": { "$exists": false } };
        let found = async {
            let order = doc! { "_id": -1 };
            let cursor = collection
                .find(filter)
                .sort(order)
                .limit(limit.one_more())
                .batch_size(u32::from(Limit::MOST) + 1)
                .await?;
            cursor.try_collect::<Vec<Stored>>().await
        };
        let found = within(found).await?;
        self.with_authors(found.into_iter().map(Stored::read).collect())
            .await
    }

    /// Authors who are gone are left out: a message on the server is not written again for them.
    async fn with_authors(&self, mut messages: Vec<Message>) -> Result<Vec<Message>, StoreError> {
        let authors: HashSet<PersonId> = messages.iter().filter_map(|one| one.person_id).collect();
        let people = authors.into_iter().map(|id| self.records.people.find(id));
        let people = try_join_all(people).await?;
        let there: HashSet<PersonId> = people
            .into_iter()
            .flatten()
            .map(|person| person.id)
            .collect();
        for message in &mut messages {
            message.person_id = message.person_id.filter(|id| there.contains(id));
        }
        Ok(messages)
    }

    async fn is_archived(&self, id: i64) -> Result<bool, StoreError> {
        let collection: Collection<Document> = self.keeper.link.collection()?;
        let filter = doc! { "_id": id, "gone": { "$exists": false } };
        Ok(within(async { collection.find_one(filter).await })
            .await?
            .is_some())
    }

    async fn is_here(&self, id: i64) -> Result<bool, StoreError> {
        let one = Limit::new(1).expect("one row may be asked for");
        let page = self.records.messages.list(id.checked_add(1), one).await?;
        Ok(page.rows.first().is_some_and(|message| message.id == id))
    }
}

#[async_trait]
impl MessageStore for Messages {
    /// Refused while the servers are away, since nobody could read it: what waits for them stays bounded.
    async fn insert(
        &self,
        message: &Message,
        change: Change,
        repeat: Option<Repeat>,
    ) -> Result<Inserted, StoreError> {
        self.keeper.link.must_be_there()?;
        let inserted = self.records.messages.insert(message, change, repeat).await;
        self.keeper.poke();
        inserted
    }

    async fn list(&self, before: Option<i64>, limit: Limit) -> Result<Page<Message>, StoreError> {
        // In this order: what leaves the records meanwhile is found on the server.
        let here = self.records.messages.list(before, limit).await?;
        if here.has_more {
            // The server has only what is older than all of these.
            return Ok(here);
        }
        let removed = self.outbox.removals(MOST_REMOVALS).await?;
        let before = before.unwrap_or(i64::MAX);
        let archived = self.archived(before, limit, &removed).await?;
        let removed: HashSet<i64> = removed.into_iter().collect();
        Ok(merge(here.rows, archived, &removed, limit))
    }

    async fn delete(&self, id: i64, change: Change) -> Result<(), StoreError> {
        if !self.is_here(id).await? && !self.is_archived(id).await? {
            return Err(StoreError::NotFound);
        }
        let removed = self.outbox.remove_message(id, change).await;
        self.keeper.poke();
        removed
    }
}

#[async_trait]
impl StoreHealth for Messages {
    async fn check(&self) -> Result<(), StoreError> {
        self.keeper.link.check().await
    }
}

/// Both lists in one, newest first. What stands in both is the same; the records know better who wrote it.
fn merge(
    here: Vec<Message>,
    archived: Vec<Message>,
    removed: &HashSet<i64>,
    limit: Limit,
) -> Page<Message> {
    let known: HashSet<i64> = here.iter().map(|message| message.id).collect();
    let more = archived
        .into_iter()
        .filter(|message| !known.contains(&message.id));
    let mut rows: Vec<Message> = here.into_iter().chain(more).collect();
    rows.retain(|message| !removed.contains(&message.id));
    rows.sort_by_key(|message| std::cmp::Reverse(message.id));
    Page::cut(rows, limit)
}

impl Stored {
    fn of(message: &Message) -> Self {
        Self {
            id: message.id,
            message: message.message.clone(),
            name: message.name.clone(),
            person_id: message.person_id,
            created_at: message.created_at.0,
        }
    }

    fn read(self) -> Message {
        Message {
            id: self.id,
            message: self.message,
            name: self.name,
            person_id: self.person_id,
            created_at: Timestamp(self.created_at),
        }
    }
}

/// Moves messages, then what was taken down.
struct Mover(Arc<dyn Outbox>);

impl Duty for Mover {
    async fn step(&self, link: &Link) -> Result<bool, Fault> {
        let messages = self.0.messages(PART).await.map_err(Fault::Records)?;
        let removed = self.0.removals(PART).await.map_err(Fault::Records)?;
        if let Some(last) = messages.last() {
            put(link, &messages).await?;
            let moved = self.0.messages_moved(last.id).await;
            moved.map_err(Fault::Records)?;
        }
        if !removed.is_empty() {
            take_down(link, &removed).await?;
            let moved = self.0.removals_moved(&removed).await;
            moved.map_err(Fault::Records)?;
        }
        Ok(!messages.is_empty() || !removed.is_empty())
    }
}

/// Messages that stand there already were moved before, by somebody who then died.
async fn put(link: &Link, messages: &[Message]) -> Result<(), Fault> {
    let collection: Collection<Stored> = link.collection().map_err(Fault::Away)?;
    let documents: Vec<Stored> = messages.iter().map(Stored::of).collect();
    let inserted = async {
        let insert = collection.insert_many(&documents).ordered(false);
        Ok(insert.await.map(|_| ()))
    };
    match within(inserted).await.map_err(Fault::Away)? {
        Ok(()) => Ok(()),
        Err(error) if is_only_taken(&error) => must_be_the_same(link, &documents).await,
        Err(error) => Err(Fault::Away(store_error(error))),
    }
}

/// Another message under a number of ours would be lost, and ours as well.
async fn must_be_the_same(link: &Link, documents: &[Stored]) -> Result<(), Fault> {
    let collection: Collection<Document> = link.collection().map_err(Fault::Away)?;
    let ids: Vec<i64> = documents.iter().map(|one| one.id).collect();
    let found = async {
        let cursor = collection.find(doc! { "_id": { "$in": ids } }).await?;
        cursor.try_collect::<Vec<Document>>().await
    };
    let found = within(found).await.map_err(Fault::Away)?;
    if found.len() < documents.len() {
        // Somebody is putting them there, and most servers do not have them yet.
        return Err(Fault::Raced);
    }
    let ours: HashMap<i64, &Stored> = documents.iter().map(|one| (one.id, one)).collect();
    for document in found {
        let ours = document.get_i64("_id").ok().and_then(|id| ours.get(&id));
        if let Some(ours) = ours.filter(|ours| !is_same(ours, &document)) {
            return Err(Fault::Foreign(format!(
                "message {} on the MongoDB server is another one: the records were restored, or are another school's; \
                 name another database in `store.messages`",
                ours.id
            )));
        }
    }
    Ok(())
}

/// The author may have gone since, and of one that was taken down only the time is left.
fn is_same(ours: &Stored, document: &Document) -> bool {
    let is_gone = document.contains_key("gone");
    let has_time = document
        .get_i64("created_at")
        .is_ok_and(|at| at == ours.created_at);
    let has_text = document
        .get_str("message")
        .is_ok_and(|text| text == ours.message);
    match (is_gone, document.contains_key("created_at")) {
        (true, false) => true,
        (true, true) => has_time,
        (false, _) => has_time && has_text,
    }
}

/// Nothing is left but the number, so that nobody who comes late with the message puts it there again.
async fn take_down(link: &Link, removed: &[i64]) -> Result<(), Fault> {
    let collection: Collection<Document> = link.collection().map_err(Fault::Away)?;
    let update = doc! {
        "$set": { "gone": true },
        "$unset": { "message": "", "name": "", "person_id": "" },
    };
    for id in removed {
        let updated = async {
            let one = collection.update_one(doc! { "_id": id }, update.clone());
            Ok(one.upsert(true).await.map(|_| ()))
        };
        match within(updated).await.map_err(Fault::Away)? {
            Ok(()) => {}
            // Somebody put it there in this very moment; the next step takes it down.
            Err(error) if is_only_taken(&error) => return Err(Fault::Raced),
            Err(error) => return Err(Fault::Away(store_error(error))),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
