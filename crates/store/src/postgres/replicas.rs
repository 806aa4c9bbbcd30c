//! Servers that follow the one in charge: who is shown which, so that nobody misses what they wrote themselves, and nobody
//! sees what is older than a moment.

mod positions;
mod watch;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lifecycle::Password;
use school::StoreError;
use school::reading::Reader as Whom;
use tokio::time::timeout;
use tracing::{info, warn};

use super::address::Address;
use super::connect::Server;
use super::reader::Reader;
use super::scanner::Scanner;
use crate::engine::Query;
use crate::open_error::OpenError;
use crate::value::Row;
use positions::{Position, Writes};
use watch::Watching;

pub(super) use positions::Written;
pub(super) use watch::position_of;

/// How far a server has come: what it shows if it follows another one, what it wrote if it is in charge.
pub(super) const POSITION: &str = "SELECT CAST((CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() \
    ELSE pg_current_wal_lsn() END - '0/0'::pg_lsn) AS BIGINT)";

/// The server in charge answers in the place of a replica that is silent for longer.
const WITHIN: Duration = Duration::from_secs(1);

/// Every replica.
#[derive(Debug)]
pub(super) struct Replicas {
    state: Arc<State>,
    written: Arc<Written>,
    next: AtomicUsize,
    _watching: Watching,
}

#[derive(Debug)]
struct State {
    each: Vec<Replica>,
    writes: Writes,
}

#[derive(Debug)]
struct Replica {
    name: String,
    reader: Reader,
    scanner: Scanner,
    /// How far it has come; 0 while it is away.
    position: AtomicU64,
    /// Why it is away; it was never asked if there is nothing.
    trouble: Mutex<Option<String>>,
}

impl Replicas {
    /// `None` if there are none.
    pub(super) fn start(
        addresses: &[Address],
        password: impl Fn(&Address) -> Password,
        search_within: Duration,
        primary: &Arc<Reader>,
    ) -> Result<Option<Self>, OpenError> {
        if addresses.is_empty() {
            return Ok(None);
        }
        let replica = |address: &Address| Replica::new(address, password(address), search_within);
        let state = Arc::new(State {
            each: addresses.iter().map(replica).collect(),
            writes: Writes::default(),
        });
        Ok(Some(Self {
            _watching: Watching::start(Arc::clone(&state), Arc::clone(primary))?,
            state,
            written: Arc::default(),
            next: AtomicUsize::new(0),
        }))
    }

    /// Where the writer tells of its commits.
    pub(super) fn written(&self) -> Arc<Written> {
        Arc::clone(&self.written)
    }

    /// What is done for this task's reader was just committed.
    pub(super) fn note(&self) {
        self.state.writes.note(Whom::present(), &self.written);
    }

    /// A replica's answer; `None` if the server in charge shall answer.
    pub(super) async fn read(&self, query: &Query) -> Option<Vec<Row>> {
        let replica = self.pick()?;
        let answered = timeout(WITHIN, replica.reader.read(query)).await;
        replica.judge(answered.unwrap_or_else(|_| Err(silent())))
    }

    /// The same for what may take long.
    pub(super) async fn scan(&self, query: &Query) -> Option<Result<Vec<Row>, StoreError>> {
        let replica = self.pick()?;
        match replica.scanner.scan(query).await {
            Err(StoreError::TooSlow) => Some(Err(StoreError::TooSlow)),
            answered => replica.judge(answered).map(Ok),
        }
    }

    /// One after the other of those that have come far enough for this task's reader.
    fn pick(&self) -> Option<&Replica> {
        let needed = self.state.writes.needed(Whom::present()?);
        let (each, turn) = (&self.state.each, self.next.fetch_add(1, Ordering::Relaxed));
        let mut turns = (0..each.len()).map(|step| &each[turn.wrapping_add(step) % each.len()]);
        turns.find(|replica| {
            let position = replica.position.load(Ordering::Acquire);
            position > 0 && position >= needed
        })
    }

    /// How each is, for people.
    pub(super) fn status(&self) -> String {
        let each = self.state.each.iter().map(Replica::status);
        each.collect::<Vec<_>>().join("; ")
    }
}

impl Replica {
    fn new(address: &Address, password: Password, search_within: Duration) -> Self {
        let server = Arc::new(Server {
            address: address.clone(),
            password,
            only_reads: true,
        });
        Self {
            name: address.places(),
            reader: Reader::new(&server),
            scanner: Scanner::new(&server, search_within),
            position: AtomicU64::new(0),
            trouble: Mutex::default(),
        }
    }

    /// The rows; a replica that fails is left alone until it answers the one who watches it.
    fn judge(&self, answered: Result<Vec<Row>, StoreError>) -> Option<Vec<Row>> {
        match answered {
            Ok(rows) => Some(rows),
            Err(error) => {
                self.tell(Err(error));
                None
            }
        }
    }

    fn tell(&self, found: Result<Position, StoreError>) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match found {
            Ok(position) => {
                if trouble.take().is_some() {
                    info!(replica = self.name, "the replica is back");
                }
                self.position.store(position, Ordering::Release);
            }
            Err(error) => {
                self.position.store(0, Ordering::Release);
                if trouble.replace(error.to_string()).is_none() {
                    warn!(replica = self.name, %error, "a replica is away: the server in charge answers for it");
                }
            }
        }
    }

    fn status(&self) -> String {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let name = &self.name;
        match (&*trouble, self.position.load(Ordering::Acquire)) {
            (Some(why), _) => format!("{name}: away ({why})"),
            (None, 0) => format!("{name}: not asked yet"),
            (None, position) => format!(
                "{name}: at {:X}/{:X}",
                position >> 32,
                position & 0xFFFF_FFFF
            ),
        }
    }
}

fn silent() -> StoreError {
    StoreError::Unavailable("it does not answer within a second".into())
}
