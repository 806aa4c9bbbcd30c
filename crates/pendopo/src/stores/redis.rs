//! Messages, sessions, bans, news of changes and shared limits on Redis, beside the records.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lifecycle::Password;
use school::Stores;
use store_redis::{Address, Redis, Status};
use traffic::{BanSource, BanStore, SharedLevels};

use super::{Beside, MESSAGES, One, REFUSED};
use crate::config::{Common, Messages, RecordsOrRedis, StoreConfig};

/// Their parts of `/readyz`, and of the facts.
pub(super) const SESSIONS: &str = "sessions";
pub(super) const CACHE: &str = "cache";
const LIMITS: &str = "limits";
pub(super) const BANS: &str = "bans";

/// What becomes of requests while a server is away.
const ASKED_ANEW: &str = "people are read from the records each time";
const ALONE: &str = "each edge counts alone";
const KNOWN: &str = "the last known bans stay in force";

/// A server that the configuration names.
pub(crate) struct Named<'a> {
    /// What it is for, which is its key as well.
    pub(crate) what: &'static str,
    address: &'a Address,
    password: &'a Password,
    /// Whether it must lose nothing.
    keeps: bool,
    /// What becomes of requests while it is away.
    without: &'static str,
}

/// Every server that the configuration names, in the order in which the ports are put there.
pub(crate) fn named(config: &StoreConfig) -> Vec<Named<'_>> {
    let mut named = Vec::new();
    let mut name = |what, address, password, (keeps, without)| {
        named.push(Named {
            what,
            address,
            password,
            keeps,
            without,
        });
    };
    if let RecordsOrRedis::Redis(address) = &config.sessions {
        name(
            SESSIONS,
            address,
            &config.sessions_password,
            (true, REFUSED),
        );
    }
    if let Common::Redis(address) = &config.cache {
        name(CACHE, address, &config.cache_password, (false, ASKED_ANEW));
    }
    if let Messages::Redis(address) = &config.messages {
        name(
            MESSAGES,
            address,
            &config.messages_password,
            (true, REFUSED),
        );
    }
    if let Common::Redis(address) = &config.limits {
        name(LIMITS, address, &config.limits_password, (false, ALONE));
    }
    if let RecordsOrRedis::Redis(address) = &config.bans {
        name(BANS, address, &config.bans_password, (true, KNOWN));
    }
    named
}

impl Named<'_> {
    /// Whether a process asks it that plays these roles.
    pub(crate) fn is_asked_by(&self, edge: bool, web: bool) -> bool {
        match self.what {
            LIMITS => edge,
            BANS => edge || web,
            _ => web,
        }
    }

    /// What is read to reach it, beside the password's file.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        self.address.files().map(Path::to_owned).collect()
    }

    /// The setting that names it.
    pub(crate) fn key(&self) -> String {
        format!("store.{}", self.what)
    }

    /// The private key by which it knows us.
    pub(crate) fn key_file(&self) -> Option<&Path> {
        self.address.key_file()
    }

    /// The server, whether it is there or not.
    pub(crate) fn server(&self) -> Redis {
        Redis::at(self.address.clone(), self.password.clone())
    }

    /// What should be mended of it, and how.
    pub(crate) fn warnings(&self, status: &Status) -> Vec<String> {
        if self.keeps {
            status.warnings()
        } else {
            Vec::new()
        }
    }

    fn one(&self, server: Redis) -> One {
        let stated = server.clone();
        One {
            part: self.what,
            is_needed: self.without == REFUSED,
            without: self.without,
            health: Arc::new(server),
            facts: Arc::new(move || facts(&stated)),
            close: Arc::new(|| {}),
        }
    }
}

/// Puts every port there that the configuration wants there.
pub(super) fn put(config: &StoreConfig, stores: Stores) -> (Stores, Vec<One>, Vec<Beside>) {
    let (mut stores, mut each, mut beside) = (stores, Vec::new(), Vec::<Beside>::new());
    for named in named(config) {
        let server = named.server();
        stores = match named.what {
            SESSIONS => taken(server.with_sessions(stores), &mut beside),
            CACHE => taken(server.with_people_near(stores), &mut beside),
            MESSAGES => {
                let most = config.messages_kept.get();
                taken(server.with_messages(stores, most), &mut beside)
            }
            // The edge's, and what is no port of the school's.
            _ => continue,
        };
        each.push(named.one(server));
    }
    (stores, each, beside)
}

fn taken(
    (stores, runs): (Stores, impl Future<Output = ()> + Send + 'static),
    beside: &mut Vec<Beside>,
) -> Stores {
    beside.push(Box::pin(runs));
    stores
}

/// The server that keeps messages, if one does.
pub(super) fn of_messages(config: &StoreConfig) -> Option<Redis> {
    named(config)
        .iter()
        .find(|named| named.what == MESSAGES)
        .map(Named::server)
}

/// The server that keeps sessions, if one does.
pub(super) fn of_sessions(config: &StoreConfig) -> Option<Redis> {
    named(config)
        .iter()
        .find(|named| named.what == SESSIONS)
        .map(Named::server)
}

/// The server that keeps bans, if one does.
pub(super) fn of_bans(config: &StoreConfig) -> Option<Redis> {
    named(config)
        .iter()
        .find(|named| named.what == BANS)
        .map(Named::server)
}

/// Bans, and what runs beside them, where a server keeps them.
pub(super) fn bans(
    config: &StoreConfig,
    stores: &Stores,
) -> Option<(Arc<dyn BanStore>, One, Beside)> {
    let named = named(config);
    let named = named.iter().find(|named| named.what == BANS)?;
    let server = named.server();
    let (bans, runs) = server.with_bans(Arc::clone(&stores.audit));
    Some((bans, named.one(server), Box::pin(runs)))
}

/// Bans for an edge that can't open the records; none where they are there.
pub(crate) fn bans_to_read(config: &StoreConfig) -> Option<Arc<dyn BanSource>> {
    of_bans(config).map(|server| server.bans())
}

/// What other edges count of the same limits; none where each counts alone.
pub(crate) fn levels(config: &StoreConfig) -> Option<Arc<dyn SharedLevels>> {
    let named = named(config);
    let limits = named.iter().find(|named| named.what == LIMITS);
    limits.map(|limits| limits.server().levels())
}

/// What a server says of itself, for the status page and `pendopo doctor`.
pub(crate) fn facts(server: &Redis) -> Vec<(&'static str, String)> {
    let (status, address) = (server.status(), server.address());
    let way = if address.is_encrypted() {
        "encrypted"
    } else {
        "not encrypted"
    };
    let synced = match (status.appends, status.synced.as_deref()) {
        (false, _) => "only now and then",
        (true, Some("always")) => "before it answers",
        (true, Some("everysec")) => "within a second",
        (true, _) => "at some time",
    };
    vec![
        ("engine", format!("Redis {}", status.version)),
        ("server", address.to_string()),
        ("connection", way.to_owned()),
        ("on disk", synced.to_owned()),
        ("memory", format!("{} MiB", status.memory >> 20)),
    ]
}

/// Says what in the addresses should not be so.
pub(super) fn warn_of(config: &StoreConfig) {
    for named in named(config) {
        if named.address.is_exposed() {
            tracing::warn!(
                "others on the way to the server of `{}` may listen: write `rediss://` in its address, and \
                 `tls-port` in the server's configuration",
                named.key()
            );
        }
    }
}
