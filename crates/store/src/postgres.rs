//! PostgreSQL: short reads over a few shared connections, one writer that commits in groups, searches on connections apart.
//!
//! Nothing is kept in a session: each transaction brings its own settings, so that a pooler which hands every transaction to
//! another connection of the server is as good as the server itself. Only prepared statements are kept, on connections that
//! lead to the server directly.

mod address;
mod bulk;
mod connect;
mod connection;
mod failure;
mod fault;
mod filling;
mod group;
mod link;
mod orders;
mod reader;
mod replicas;
mod scanner;
mod session;
mod tls;
mod turn;
mod upgrade;
mod values;
mod view;
mod walk;
mod write_lock;
mod writer;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lifecycle::Password;
use school::{Clock, Inserted, StoreError};
use tokio::time::timeout;
use tracing::warn;

use crate::engine::{Engine, Query, Turn};
use crate::migrations;
use crate::open_error::OpenError;
use crate::opened::Opened;
use crate::status::Status;
use crate::unit::{Expect, Unit};
use crate::value::{Row, Value, values};
use connect::Server;
use connection::{Durability, Found};
use failure::store_error;
use link::Link;
use reader::Reader;
use replicas::Replicas;
use scanner::Scanner;
use writer::Writer;

pub use address::Address;
pub(crate) use filling::Filling;
pub(crate) use turn::BackupTurn;
pub(crate) use view::View;
pub(crate) use write_lock::WriteLock;

/// The engine answers a check within this time, or is taken to be away.
const CHECK_WITHIN: Duration = Duration::from_secs(1);
const CHECK_READ: &str = "SELECT pg_database_size(current_database())";
const CHECK_WRITE: &str = "UPDATE counter SET value = value + 1 WHERE name = 'check'";

/// The lock is another one than that of the writers, and that of upgrades.
const HOLD: &str = "BEGIN; SET LOCAL lock_timeout = 30000; SET LOCAL idle_in_transaction_session_timeout = 60000; \
    SELECT pg_advisory_xact_lock(5786930144)";

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// The server.
    pub address: Address,
    /// The password, if one is needed; one in the address counts where this is none.
    pub password: Password,
    /// Servers that follow it, which are read from where that will do; they take the same password.
    pub replicas: Vec<Address>,
    /// Tells when migrations were applied.
    pub clock: Clock,
    /// How long a search may take, waiting included.
    pub search_within: Duration,
}

impl Options {
    /// The defaults, which suit a server.
    pub fn new(address: Address) -> Self {
        Self {
            address,
            password: Password::default(),
            replicas: Vec::new(),
            clock: Clock::System,
            search_within: Duration::from_secs(3),
        }
    }

    /// One for this address, or the one for all.
    fn password(&self, address: &Address) -> Password {
        let in_address = || address.password().map(Password::plain);
        let own = Some(self.password.clone()).filter(Password::is_given);
        own.or_else(in_address).unwrap_or_default()
    }
}

/// Opens the database, made or upgraded if need be; several processes may do it at once.
/// [`OpenError::Away`] if the server can't be reached now.
pub async fn open(options: &Options) -> Result<Opened, OpenError> {
    let server = Arc::new(Server {
        address: options.address.clone(),
        password: options.password(&options.address),
        only_reads: false,
    });
    let database = options.address.to_string();
    // The writer has a thread of its own, on which it connects anew.
    let connection = server.connect().await.map_err(|cause| OpenError::Away {
        database: database.clone(),
        cause: cause.to_string(),
    })?;
    must_be_usable(&connection.server, &database)?;
    let schema = upgrade::upgrade(&connection, &database, &options.clock, migrations::ALL).await?;
    let writing = Arc::new(Link::for_indexed(server.clone()));
    let reader = Arc::new(Reader::new(&server));
    let password = |address: &Address| options.password(address);
    let (addresses, within) = (&options.replicas, options.search_within);
    let replicas = Replicas::start(addresses, password, within, &reader)?;
    let written = replicas.as_ref().map(Replicas::written);
    Ok(Opened::over(Postgres {
        database,
        schema,
        found: Mutex::new(connection.server.clone()),
        size: AtomicU64::new(0),
        reader,
        scanner: Scanner::new(&server, options.search_within),
        server,
        writer: Writer::start(writing, written)?,
        replicas,
    }))
}

fn must_be_usable(found: &Found, database: &str) -> Result<(), OpenError> {
    if found.encoding != "UTF8" {
        return Err(OpenError::Encoding {
            database: database.to_owned(),
            found: found.encoding.clone(),
        });
    }
    if found.durability == Durability::Never {
        warn!(
            "the server runs with `fsync = off`: a power failure may lose or damage what was answered"
        );
    }
    Ok(())
}

/// The engine.
#[derive(Debug)]
pub(crate) struct Postgres {
    database: String,
    schema: i64,
    /// What the server told at the last connection.
    found: Mutex<Found>,
    /// Of the database, in bytes, as the last check found it.
    size: AtomicU64,
    server: Arc<Server>,
    reader: Arc<Reader>,
    scanner: Scanner,
    writer: Writer,
    replicas: Option<Replicas>,
}

impl Engine for Postgres {
    async fn read(&self, query: Query) -> Result<Vec<Row>, StoreError> {
        if can_match_nothing(&query) {
            return Ok(Vec::new());
        }
        if let Some(replicas) = &self.replicas
            && let Some(rows) = replicas.read(&query).await
        {
            return Ok(rows);
        }
        self.reader.read(&query).await
    }

    async fn scan(&self, query: Query) -> Result<Vec<Row>, StoreError> {
        if let Some(replicas) = &self.replicas
            && let Some(answered) = replicas.scan(&query).await
        {
            return answered;
        }
        self.scanner.scan(&query).await
    }

    async fn write(&self, unit: Unit) -> Result<Inserted, StoreError> {
        let done = self.writer.write(unit).await?;
        if let Some(replicas) = &self.replicas {
            replicas.note();
        }
        Ok(done)
    }

    fn write_later(&self, unit: Unit) {
        self.writer.write_later(unit);
    }

    async fn check(&self) -> Result<(), StoreError> {
        let unit = Unit::untold().then(CHECK_WRITE, values![], Expect::Any);
        let asked = async {
            let mut rows = self.reader.read(&Query::new(CHECK_READ, values![])).await?;
            let size = rows.first_mut().map(Row::int).transpose()?;
            let size = size.and_then(|size| u64::try_from(size).ok());
            self.size.store(size.unwrap_or_default(), Ordering::Relaxed);
            self.writer.write(unit).await
        };
        match timeout(CHECK_WITHIN, asked).await {
            Ok(done) => done.map(|_| ()),
            Err(_) => Err(StoreError::Unavailable(
                "the database did not answer within a second".into(),
            )),
        }
    }

    fn status(&self) -> Status {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(now) = self.reader.found() {
            *found = now;
        }
        let encryption = if found.is_encrypted {
            "encrypted"
        } else {
            "not encrypted"
        };
        let statements = if found.is_direct {
            "kept prepared"
        } else {
            "sent anew each time, since something stands between"
        };
        let mut more = vec![
            ("server", found.place.clone()),
            ("connection", encryption.to_owned()),
            ("statements", statements.to_owned()),
        ];
        let replicas = self.replicas.as_ref().map(Replicas::status);
        more.extend(replicas.map(|replicas| ("replicas", replicas)));
        Status {
            engine: "PostgreSQL",
            version: found.version.clone(),
            database: self.database.clone(),
            schema: self.schema,
            size: self.size.load(Ordering::Relaxed),
            log_size: 0,
            room: None,
            was_unclean: false,
            more,
        }
    }

    /// For half a minute at most. All processes on this database know the lock, and it ends with its connection.
    async fn turn(&self) -> Result<Turn, StoreError> {
        let connection = self.server.connect().await;
        let connection = connection.map_err(StoreError::Unavailable)?;
        let held = connection.execute(HOLD).await;
        held.map_err(|error| store_error(&error))?;
        Ok(Turn::under(connection))
    }

    fn close(&self) {
        self.writer.close();
    }
}

/// PostgreSQL keeps no text with a NUL, and refuses to compare with one.
fn can_match_nothing(query: &Query) -> bool {
    let has_nul = |value: &Value| matches!(value, Value::Text(text) if text.contains('\0'));
    query.params.iter().any(has_nul)
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.close();
    }
}
