//! The names of everything that we keep on a server. All share a hash tag, so that a cluster keeps them on one node and a
//! script can touch several.

use school::PersonId;
use school::secret::SecretHash;

/// A stream: the place `0-7` is the message 7.
pub(crate) const MESSAGES: &str = "{pendopo}:messages";
/// Messages that are restored, until they take the place of those that are there.
pub(crate) const RESTORED: &str = "{pendopo}:messages:restored";
/// Changes that the audit trail may not have yet, by ticket.
pub(crate) const UNTOLD: &str = "{pendopo}:untold";
/// The number of the last session.
pub(crate) const LAST_SESSION: &str = "{pendopo}:session:last";
/// The people whose sessions may have to end.
pub(crate) const ENDINGS: &str = "{pendopo}:endings";
/// Where processes tell each other which people were changed.
pub(crate) const NEWS: &str = "{pendopo}:changed";

/// Bans by their network: since when, and the ban as JSON.
pub(crate) const BANS: &str = "{pendopo}:bans";
/// Networks whose ban ends, by that time.
pub(crate) const BAN_ENDS: &str = "{pendopo}:bans:ends";
/// How often bans were changed.
pub(crate) const BANS_STATE: &str = "{pendopo}:bans:state";
/// Bans that are restored, their ends, and the sign that there are some, or none: until they take the place of others.
pub(crate) const RESTORED_BANS: [&str; 3] = [
    "{pendopo}:bans:restored",
    "{pendopo}:bans:restored:ends",
    "{pendopo}:bans:restored:sign",
];

/// A session's fields, by its number.
pub(crate) fn session(id: i64) -> String {
    format!("{{pendopo}}:session:{id}")
}

/// The number of the session with this secret.
pub(crate) fn secret(hash: SecretHash) -> String {
    format!("{{pendopo}}:secret:{}", school::secret::hex(&hash.0))
}

/// The numbers of a person's sessions.
pub(crate) fn sessions_of(person: PersonId) -> String {
    format!("{{pendopo}}:sessions:{person}")
}

/// The changes of a person after which their sessions end, by ticket.
pub(crate) fn endings_of(person: PersonId) -> String {
    format!("{{pendopo}}:endings:{person}")
}

/// A request that named a key: the key may hold anything visible, so it is kept as a digest.
pub(crate) fn repeat(caller: &str, key: &str) -> String {
    let whole = format!("{}:{caller}:{key}", caller.len());
    let digest = SecretHash::of(&whole);
    format!("{{pendopo}}:repeat:{}", school::secret::hex(&digest.0))
}

/// A limit's level of one key.
pub(crate) fn level(limit: &str, key: u128) -> String {
    format!("{{pendopo}}:limit:{limit}:{key:032x}")
}
