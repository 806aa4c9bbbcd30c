//! What an operator can set under `[store]`.

mod place;
mod records;

use std::num::NonZeroU32;

use lifecycle::Password;
use serde::{Deserialize, Serialize};

use super::password;

pub(crate) use place::{Audit, Common, Messages, RecordsOrRedis};
pub(crate) use records::{Records, Replica};

/// Where everything is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StoreConfig {
    /// Where people, tokens and settings are kept: `sqlite:` and a path, or a PostgreSQL server (15 or later) as
    /// `postgres://user@host:port/database?sslmode=verify-full&sslrootcert=/path/ca.pem`; several `host:port` with
    /// commas name one database's servers, of which the one in charge is taken. `sslmode` is `disable`, `prefer` (the
    /// default), `require`, `verify-ca` or `verify-full`; `sslrootcert` is a file of authorities, the public ones
    /// unless set. A server that is away is waited for. Default `pendopo.db` in the data directory; for example
    /// `sqlite:/srv/pendopo/pendopo.db`.
    pub(crate) records: Records,
    /// Servers that follow the one of `store.records` (its streaming replicas), as `postgres://…` each: what a request
    /// shows is read there, in turns. Who has just written is shown the server in charge until a replica has come that
    /// far, nobody is shown what is older than about two seconds, and who may do what is always asked of the server in
    /// charge, as is everything where no replica answers. Default none.
    pub(crate) records_read: Vec<Replica>,
    /// The password for `store.records` and `store.records_read`, where they ask for one. Default none.
    #[serde(with = "password")]
    pub(crate) records_password: Password,
    /// Where messages are kept: `records` is the same place; or a Redis server (7 or later) as
    /// `redis://user@host:port/number`, `rediss://host?ca_file=/path/ca.pem&cert_file=/path/me.pem&key_file=/path/me.key`
    /// for TLS (the public authorities unless `ca_file` is set, a certificate of our own only where the server asks for
    /// one), `redis-sentinel://host,host/service` or `redis-cluster://host,host`; or a MongoDB server (5.0 or later), or
    /// a replica set, as
    /// `mongodb://user@one,two/database?replicaSet=rs0&tls=true&tlsCAFile=/path/ca.pem&tlsCertificateKeyFile=/path/me.pem`;
    /// the files are read again when they change, and the last holds a client's certificate and its key. What was
    /// posted is moved to MongoDB within a moment. Default `records`.
    pub(crate) messages: Messages,
    /// The password for `store.messages`, where that is a server that asks for one. Default none.
    #[serde(with = "password")]
    pub(crate) messages_password: Password,
    /// How many messages a Redis server keeps, the newest; 1 or more. Records keep all. Default 100000.
    pub(crate) messages_kept: Kept,
    /// Where sessions are kept: `records` is the same place; or a Redis server as for `store.messages`. Default
    /// `records`.
    pub(crate) sessions: RecordsOrRedis,
    /// The password for `store.sessions`, where that is a server that asks for one. Default none.
    #[serde(with = "password")]
    pub(crate) sessions_password: Password,
    /// What tells processes of people whom others changed, so that each may keep people near for less than a second:
    /// a Redis server as for `store.messages`; while it is away, the records are asked each time, as they are with
    /// `memory`. Default `memory`.
    pub(crate) cache: Common,
    /// The password for `store.cache`, where that is a server that asks for one. Default none.
    #[serde(with = "password")]
    pub(crate) cache_password: Password,
    /// Where edges count the requests of `edge.limit` together: a Redis server as for `store.messages`; while it is
    /// away, each edge counts alone, as it does with `memory`. Default `memory`.
    pub(crate) limits: Common,
    /// The password for `store.limits`, where that is a server that asks for one. Default none.
    #[serde(with = "password")]
    pub(crate) limits_password: Password,
    /// Where bans are kept: `records` is the same place; or a Redis server as for `store.messages`, which an edge by
    /// itself can read as well. While it is away, the last known bans stay in force. Default `records`.
    pub(crate) bans: RecordsOrRedis,
    /// The password for `store.bans`, where that is a server that asks for one. Default none.
    #[serde(with = "password")]
    pub(crate) bans_password: Password,
    /// Where the audit trail is kept: `records` is the same place; or a MongoDB server as for `store.messages`. Each
    /// entry is written with what it tells of, and moved there within a second; while the server is away, entries wait
    /// in the records. Once entries have been moved, the server must stay named. Default `records`.
    pub(crate) audit: Audit,
    /// The password for `store.audit`, where that is a server that asks for one. Default none.
    #[serde(with = "password")]
    pub(crate) audit_password: Password,
}

/// A number of messages: at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Kept(NonZeroU32);

impl Kept {
    pub(crate) fn get(self) -> u32 {
        self.0.get()
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self(NonZeroU32::MIN.saturating_add(99_999))
    }
}

/// Serde's view of these is their text.
macro_rules! as_text {
    ($($unit:ty),+) => {$(
        impl TryFrom<String> for $unit {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }

        impl From<$unit> for String {
            fn from(unit: $unit) -> Self {
                unit.to_string()
            }
        }
    )+};
}

as_text!(Records, Replica, Messages, RecordsOrRedis, Audit, Common);
