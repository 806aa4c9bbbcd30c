//! The audit trail: what was changed, by whom, from where; append-only, each entry chained to the one before.

mod operations;

use std::net::IpAddr;

use async_trait::async_trait;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::actor::Actor;
use crate::page::{Limit, Page};
use crate::repeat::{Inserted, Repeat};
use crate::secret::hex;
use crate::store_error::StoreError;
use crate::time::Timestamp;

pub use operations::{AuditError, list, verify};

/// One change, as an operation hands it to a port; the store adds the object's id, the place and the hash.
/// A store without a trail of its own keeps it as JSON until the trail has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// Who: [`Actor::name`].
    pub actor: String,
    /// From where.
    pub address: Option<IpAddr>,
    /// In which request.
    pub request_id: Option<String>,
    /// What was done: a word of [`Action`].
    pub action: Action,
    /// The object before, as JSON without its id.
    pub before: Option<String>,
    /// The object after, as JSON without its id.
    pub after: Option<String>,
}

/// What can be done to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
#[expect(missing_docs, reason = "the words of `as_str` say it")]
pub enum Action {
    PersonCreate,
    PersonUpdate,
    PersonDelete,
    PasswordChange,
    PasswordReset,
    SessionStart,
    SessionEnd,
    TokenCreate,
    TokenRevoke,
    MessagePost,
    MessageRemove,
    BanAdd,
    BanChange,
    BanRemove,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 14] = [
        Self::PersonCreate,
        Self::PersonUpdate,
        Self::PersonDelete,
        Self::PasswordChange,
        Self::PasswordReset,
        Self::SessionStart,
        Self::SessionEnd,
        Self::TokenCreate,
        Self::TokenRevoke,
        Self::MessagePost,
        Self::MessageRemove,
        Self::BanAdd,
        Self::BanChange,
        Self::BanRemove,
    ];

    /// The word in the trail: the object's kind, a dot, the verb.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PersonCreate => "person.create",
            Self::PersonUpdate => "person.update",
            Self::PersonDelete => "person.delete",
            Self::PasswordChange => "password.change",
            Self::PasswordReset => "password.reset",
            Self::SessionStart => "session.start",
            Self::SessionEnd => "session.end",
            Self::TokenCreate => "token.create",
            Self::TokenRevoke => "token.revoke",
            Self::MessagePost => "message.post",
            Self::MessageRemove => "message.remove",
            Self::BanAdd => "ban.add",
            Self::BanChange => "ban.change",
            Self::BanRemove => "ban.remove",
        }
    }
}

impl From<Action> for &'static str {
    fn from(action: Action) -> Self {
        action.as_str()
    }
}

impl TryFrom<String> for Action {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|action| action.as_str() == word);
        found.ok_or_else(|| format!("`{word}` is no action of the audit trail"))
    }
}

impl Change {
    /// A change by this actor, with nothing said yet of the object.
    pub fn new(actor: &Actor, action: Action, at: Timestamp) -> Self {
        let request_id = actor.request_id.clone();
        Self::by(actor.name(), actor.address, request_id, action, at)
    }

    /// The same by somebody whom only these describe.
    pub fn by(
        actor: String,
        address: Option<IpAddr>,
        request_id: Option<String>,
        action: Action,
        at: Timestamp,
    ) -> Self {
        Self {
            at,
            actor,
            address,
            request_id,
            action,
            before: None,
            after: None,
        }
    }

    /// With a picture of the object before.
    #[must_use]
    pub fn before(mut self, object: &impl Serialize) -> Self {
        self.before = Some(picture(object));
        self
    }

    /// With a picture of the object after.
    #[must_use]
    pub fn after(mut self, object: &impl Serialize) -> Self {
        self.after = Some(picture(object));
        self
    }
}

fn picture(object: &impl Serialize) -> String {
    serde_json::to_string(object)
        .expect("the school's objects have string keys and no failing parts")
}

/// One entry of the trail, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place, from 1, without a gap.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// From where.
    pub address: Option<String>,
    /// In which request.
    pub request_id: Option<String>,
    /// What was done.
    pub action: String,
    /// The id of the object.
    pub object_id: Option<i64>,
    /// The object before.
    pub before: Option<String>,
    /// The object after.
    pub after: Option<String>,
    /// The chain up to and with this entry.
    pub hash: [u8; 32],
}

/// The hash before the first entry.
pub const CHAIN_START: [u8; 32] = [0; 32];

impl Entry {
    /// The hash this entry must have after `previous`: SHA-256 over the previous hash and every field, each with its length.
    pub fn chained(&self, previous: &[u8; 32]) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(previous);
        digest.update(self.seq.to_be_bytes());
        digest.update(self.at.0.to_be_bytes());
        add(&mut digest, Some(&self.actor));
        add(&mut digest, self.address.as_deref());
        add(&mut digest, self.request_id.as_deref());
        add(&mut digest, Some(&self.action));
        add(
            &mut digest,
            self.object_id.map(|id| id.to_string()).as_deref(),
        );
        add(&mut digest, self.before.as_deref());
        add(&mut digest, self.after.as_deref());
        digest.finalize().into()
    }
}

/// An absent text and an empty one differ.
fn add(digest: &mut Sha256, text: Option<&str>) {
    match text {
        None => digest.update([0]),
        Some(text) => {
            digest.update([1]);
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text.as_bytes());
        }
    }
}

impl Serialize for Entry {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("seq", &self.seq)?;
        map.serialize_entry("at", &self.at)?;
        map.serialize_entry("actor", &self.actor)?;
        map.serialize_entry("address", &self.address)?;
        map.serialize_entry("request_id", &self.request_id)?;
        map.serialize_entry("action", &self.action)?;
        map.serialize_entry("object_id", &self.object_id)?;
        map.serialize_entry("before", &self.before)?;
        map.serialize_entry("after", &self.after)?;
        map.serialize_entry("hash", &hex(&self.hash))?;
        map.end()
    }
}

/// Port: the trail. The store that keeps it writes an entry with each of its own units of work.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Appends the change of an object that another store keeps. One that was told before under the same `repeat` is
    /// not told again; [`StoreError::KeyReused`] if its key stands for something else.
    async fn append(
        &self,
        change: Change,
        object: i64,
        repeat: Repeat,
    ) -> Result<Inserted, StoreError>;

    /// Newest first, those before the place `before` if it is given; the total is the last place.
    async fn list(&self, before: Option<i64>, limit: Limit) -> Result<Page<Entry>, StoreError>;

    /// Oldest first, those after the place `after`: for a walk over the whole trail.
    async fn walk(&self, after: i64, rows: usize) -> Result<Vec<Entry>, StoreError>;
}

/// What a walk over the whole trail found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every entry is there and unchanged; how many, and the last hash, which proves the trail's length when kept elsewhere.
    Sound {
        /// How many entries.
        entries: i64,
        /// The last hash.
        head: [u8; 32],
    },
    /// The first place where an entry is missing, changed or out of order.
    Broken {
        /// The place.
        seq: i64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            seq: 1,
            at: Timestamp(0),
            actor: "console".to_owned(),
            address: None,
            request_id: None,
            action: "person.create".to_owned(),
            object_id: Some(1),
            before: None,
            after: Some("{}".to_owned()),
            hash: CHAIN_START,
        }
    }

    #[test]
    fn each_field_and_the_entry_before_change_the_hash() {
        let hash = entry().chained(&CHAIN_START);
        let changes: [fn(&mut Entry); 8] = [
            |entry| entry.seq = 2,
            |entry| entry.at = Timestamp(1),
            |entry| entry.actor = "person:1".to_owned(),
            |entry| entry.address = Some(String::new()),
            |entry| entry.request_id = Some("1".to_owned()),
            |entry| entry.action = "person.delete".to_owned(),
            |entry| entry.object_id = None,
            |entry| entry.after = None,
        ];
        for (index, change) in changes.into_iter().enumerate() {
            let mut changed = entry();
            change(&mut changed);
            assert_ne!(changed.chained(&CHAIN_START), hash, "change {index}");
        }
        assert_ne!(entry().chained(&[1; 32]), hash);
    }

    #[test]
    fn a_change_is_read_back_from_json() {
        for action in Action::ALL {
            let change = Change::new(&Actor::console(), action, Timestamp(1)).after(&"x");
            let json = serde_json::to_string(&change).unwrap();
            assert!(json.contains(action.as_str()), "{json}");
            assert_eq!(serde_json::from_str::<Change>(&json).unwrap(), change);
        }
        assert!(serde_json::from_str::<Action>("\"person.eat\"").is_err());
    }

    #[test]
    fn text_can_not_move_from_one_field_to_the_next() {
        let (mut one, mut other) = (entry(), entry());
        (one.before, one.after) = (Some("ab".to_owned()), Some(String::new()));
        (other.before, other.after) = (Some("a".to_owned()), Some("b".to_owned()));
        assert_ne!(one.chained(&CHAIN_START), other.chained(&CHAIN_START));
    }
}
