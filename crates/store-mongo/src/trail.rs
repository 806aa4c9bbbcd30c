//! The audit trail: entries are chained with the records, moved to MongoDB in order, and read from both.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::TryStreamExt;
use mongodb::Collection;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Document, doc};
use school::audit::{AuditStore, Entry};
use school::outbox::Outbox;
use school::page::{Limit, Page};
use school::stores::StoreHealth;
use school::{Change, Inserted, Repeat, StoreError, Timestamp};
use serde::{Deserialize, Serialize};

use crate::failure::{is_only_taken, store_error};
use crate::keeper::{Duty, Fault, Keeper, OpenError};
use crate::link::{Link, Options, Status, within};

pub(crate) const COLLECTION: &str = "audit";
/// So many are moved at a time.
const PART: usize = 500;

/// The trail of which MongoDB keeps what the records have let go.
pub struct Trail {
    keeper: Keeper<Mover>,
    records: Arc<dyn AuditStore>,
}

/// An entry as a document.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stored {
    #[serde(rename = "_id")]
    seq: i64,
    at: i64,
    actor: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    action: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    object_id: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    hash: Binary,
}

impl Trail {
    /// Begins to move what the records hold. The servers may be away: then they are waited for, once
    /// that is known.
    pub async fn open(
        options: Options,
        records: Arc<dyn AuditStore>,
        outbox: Arc<dyn Outbox>,
    ) -> Result<Self, OpenError> {
        let mover = Mover {
            records: records.clone(),
            outbox,
            moved: Mutex::default(),
        };
        Ok(Self {
            keeper: Keeper::start(options, COLLECTION, mover).await?,
            records,
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
        filter: Document,
        order: i32,
        rows: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        find(&self.keeper.link, filter, order, rows).await
    }
}

#[async_trait]
impl AuditStore for Trail {
    async fn append(
        &self,
        change: Change,
        object: i64,
        repeat: Repeat,
    ) -> Result<Inserted, StoreError> {
        let appended = self.records.append(change, object, repeat).await;
        self.keeper.poke();
        appended
    }

    async fn list(&self, before: Option<i64>, limit: Limit) -> Result<Page<Entry>, StoreError> {
        // The records always hold the last entry of all, if there is any.
        let mut page = self.records.list(before, limit).await?;
        let lowest = page.rows.last().map(|entry| entry.seq).or(before);
        let Some(lowest) = lowest.filter(|lowest| !page.has_more && *lowest > 1) else {
            return Ok(page);
        };
        let room = limit.rows() - page.rows.len();
        let filter = doc! { "_id": { "$lt": lowest } };
        let mut more = self.archived(filter, -1, room + 1).await?;
        page.has_more = more.len() > room;
        more.truncate(room);
        page.rows.append(&mut more);
        Ok(page)
    }

    async fn walk(&self, after: i64, rows: usize) -> Result<Vec<Entry>, StoreError> {
        let here = self.records.walk(after, rows).await?;
        let Some(first) = here.first().map(|entry| entry.seq) else {
            return Ok(here);
        };
        if first <= after + 1 {
            return Ok(here);
        }
        let filter = doc! { "_id": { "$gt": after, "$lt": first } };
        let mut walked = self.archived(filter, 1, rows).await?;
        walked.extend(here);
        walked.truncate(rows);
        Ok(walked)
    }
}

#[async_trait]
impl StoreHealth for Trail {
    async fn check(&self) -> Result<(), StoreError> {
        self.keeper.link.check().await
    }
}

async fn find(
    link: &Link,
    filter: Document,
    order: i32,
    rows: usize,
) -> Result<Vec<Entry>, StoreError> {
    let collection: Collection<Stored> = link.collection()?;
    let most = i64::try_from(rows).unwrap_or(i64::MAX);
    let found = async {
        let cursor = collection
            .find(filter)
            .sort(doc! { "_id": order })
            .limit(most)
            .batch_size(u32::try_from(rows).unwrap_or(u32::MAX))
            .await?;
        cursor.try_collect::<Vec<Stored>>().await
    };
    within(found).await?.into_iter().map(Stored::read).collect()
}

impl Stored {
    fn of(entry: &Entry) -> Self {
        Self {
            seq: entry.seq,
            at: entry.at.0,
            actor: entry.actor.clone(),
            address: entry.address.clone(),
            request_id: entry.request_id.clone(),
            action: entry.action.clone(),
            object_id: entry.object_id,
            before: entry.before.clone(),
            after: entry.after.clone(),
            hash: Binary {
                subtype: BinarySubtype::Generic,
                bytes: entry.hash.to_vec(),
            },
        }
    }

    fn read(self) -> Result<Entry, StoreError> {
        let hash = self.hash.bytes.try_into();
        Ok(Entry {
            seq: self.seq,
            at: Timestamp(self.at),
            actor: self.actor,
            address: self.address,
            request_id: self.request_id,
            action: self.action,
            object_id: self.object_id,
            before: self.before,
            after: self.after,
            hash: hash
                .map_err(|_| StoreError::Corrupt("a hash of the trail has not 32 bytes".into()))?,
        })
    }
}

/// Moves entries in the order of the chain, so that the server never has one without all before it.
struct Mover {
    records: Arc<dyn AuditStore>,
    outbox: Arc<dyn Outbox>,
    /// Up to which place the server has the trail, as far as is known; absent when it must be asked.
    moved: Mutex<Option<i64>>,
}

impl Duty for Mover {
    async fn step(&self, link: &Link) -> Result<bool, Fault> {
        let moved = self
            .moved
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let moved = match moved {
            Some(moved) => moved,
            None => self.reconcile(link).await?,
        };
        let entries = self
            .records
            .walk(moved, PART)
            .await
            .map_err(Fault::Records)?;
        let last = match entries.last() {
            None => moved,
            Some(last) => {
                put(link, &entries).await?;
                let left = self.outbox.trail_moved(last.seq).await;
                left.map_err(Fault::Records)?;
                last.seq
            }
        };
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = Some(last);
        Ok(!entries.is_empty())
    }
}

impl Mover {
    /// Finds out how far the server's trail goes, and that it is ours. What it has for good leaves the records, as it
    /// would have if nobody had died in between.
    async fn reconcile(&self, link: &Link) -> Result<i64, Fault> {
        let last = last_of(link).await?;
        let place = last.as_ref().map_or(0, |last| last.seq);
        let around = self
            .records
            .walk(place - 1, 1)
            .await
            .map_err(Fault::Records)?;
        if let Some(what) = difference(last.as_ref(), around.first()) {
            // Another keeper may have moved entries between the two looks.
            let is_same = last_of(link).await? == last;
            return Err(if is_same {
                foreign(&what)
            } else {
                Fault::Raced
            });
        }
        if place > 0 {
            self.outbox
                .trail_moved(place)
                .await
                .map_err(Fault::Records)?;
        }
        Ok(place)
    }
}

/// The last entry that the server has for good.
async fn last_of(link: &Link) -> Result<Option<Entry>, Fault> {
    let found = find(link, doc! {}, -1, 1).await;
    Ok(found.map_err(Fault::Away)?.pop())
}

/// Why a server with this last entry has not the trail of records of which this is the first one from there on.
fn difference(last: Option<&Entry>, ours: Option<&Entry>) -> Option<String> {
    let place = last.map_or(0, |last| last.seq);
    match (last, ours) {
        (None, None) => None,
        (Some(last), Some(ours)) if ours == last => None,
        (_, Some(ours)) if ours.seq == place + 1 => None,
        (Some(_), Some(ours)) if ours.seq == place => Some(format!("entry {place} is another one")),
        (_, Some(ours)) => Some(format!(
            "it ends at entry {place}, and the records begin at {}",
            ours.seq
        )),
        (Some(_), None) => Some(format!(
            "it has {place} entries, more than the records know of"
        )),
    }
}

fn foreign(what: &str) -> Fault {
    Fault::Foreign(format!(
        "the audit trail on the MongoDB server is not the one of these records: {what}; they were restored, or are another \
         school's: name another database in `store.audit`"
    ))
}

/// In order, so that a failure in the middle leaves no gap. An entry that stands there was put there by another keeper:
/// how far that one came is asked at the next step.
async fn put(link: &Link, entries: &[Entry]) -> Result<(), Fault> {
    let collection: Collection<Stored> = link.collection().map_err(Fault::Away)?;
    let documents: Vec<Stored> = entries.iter().map(Stored::of).collect();
    let inserted = async { Ok(collection.insert_many(&documents).await.map(|_| ())) };
    match within(inserted).await.map_err(Fault::Away)? {
        Ok(()) => Ok(()),
        Err(error) if is_only_taken(&error) => Err(Fault::Raced),
        Err(error) => Err(Fault::Away(store_error(error))),
    }
}
