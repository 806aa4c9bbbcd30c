//! The one writer: a thread that takes all that is queued, commits it as one group, and answers only then.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;
use school::{Inserted, StoreError};
use tokio::sync::oneshot;
use tracing::{error, warn};

use super::failure::{again, store_error};
use super::queue::{Queue, Refused};
use super::{File, Options, connection, group};
use crate::opened::OpenError;
use crate::unit::Unit;

/// More units than this don't share a commit, so that none waits long.
const GROUP: usize = 256;
/// The log is copied into the file whenever it has grown by so many pages of 4 KiB.
const CHECKPOINT_PAGES: i32 = 4_000;
/// The planner's statistics are looked after once in so many checkpoints.
const OPTIMIZE_EVERY: u32 = 64;

type Answer = oneshot::Sender<Result<Inserted, StoreError>>;

#[derive(Debug)]
struct Job {
    unit: Unit,
    /// Absent where nobody waits.
    answer: Option<Answer>,
}

/// The door to the writer's thread.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Arc<Queue<Job>>,
    wait: Duration,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(
        file: Arc<File>,
        connection: Connection,
        options: &Options,
    ) -> Result<Self, OpenError> {
        let queue = Arc::new(Queue::new(options.queue));
        let jobs = queue.clone();
        let thread = Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || Thread::new(file, connection).run(&jobs))
            .map_err(OpenError::Thread)?;
        Ok(Self {
            queue,
            wait: options.queue_wait,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Does a unit of work. Dropped before its turn it is not done at all; dropped later it is done, unanswered.
    pub(super) async fn write(&self, unit: Unit) -> Result<Inserted, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job = Job {
            unit,
            answer: Some(answer),
        };
        self.queue.push(job, self.wait).await.map_err(refused)?;
        answered.await.unwrap_or_else(|_| {
            Err(StoreError::Unavailable(
                "the writer ended without an answer".into(),
            ))
        })
    }

    /// Does a unit of work for which nobody waits; it is left out when the queue is full.
    pub(super) fn write_later(&self, unit: Unit) {
        if let Err(refused) = self.queue.try_push(Job { unit, answer: None }) {
            warn!(?refused, "a write of no consequence was left out");
        }
    }

    pub(super) fn close(&self) {
        self.queue.close();
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take()
            && thread.join().is_err()
        {
            error!("the writer of the database did not end well");
        }
    }
}

fn refused(refused: Refused) -> StoreError {
    StoreError::Unavailable(match refused {
        Refused::Full => "too many writes are waiting".into(),
        Refused::Closed => "the database is closed".into(),
    })
}

/// What the thread owns.
struct Thread {
    file: Arc<File>,
    /// Absent after a failure that a fresh connection may mend.
    connection: Option<Connection>,
    /// Pages in the log, as the last commit told.
    pages: Arc<AtomicI32>,
    checkpoint_at: i32,
    checkpoints: u32,
}

impl Thread {
    fn new(file: Arc<File>, connection: Connection) -> Self {
        Self {
            file,
            connection: Some(connection),
            pages: Arc::new(AtomicI32::new(0)),
            checkpoint_at: CHECKPOINT_PAGES,
            checkpoints: 0,
        }
    }

    fn run(mut self, queue: &Queue<Job>) {
        self.count_pages();
        loop {
            let mut jobs = queue.take(GROUP);
            if jobs.is_empty() {
                break;
            }
            // Whoever gave up waiting was told nothing, and nothing is done.
            jobs.retain(|job| job.answer.as_ref().is_none_or(|answer| !answer.is_closed()));
            let answers = self.commit(&jobs);
            for (job, answer) in jobs.into_iter().zip(answers) {
                tell(job, answer);
            }
            self.checkpoint_if_due();
        }
        self.end();
    }

    /// One answer a job.
    fn commit(&mut self, jobs: &[Job]) -> Vec<Result<Inserted, StoreError>> {
        if jobs.is_empty() {
            return Vec::new();
        }
        let units: Vec<&Unit> = jobs.iter().map(|job| &job.unit).collect();
        let committed = catch_unwind(AssertUnwindSafe(|| self.try_commit(&units)));
        let committed = committed
            .unwrap_or_else(|_| Err(StoreError::Unavailable("the writer stumbled".into())));
        committed.unwrap_or_else(|failure| {
            if !matches!(failure, StoreError::Full(_)) {
                self.connection = None;
            }
            units.iter().map(|_| Err(again(&failure))).collect()
        })
    }

    fn try_commit(
        &mut self,
        units: &[&Unit],
    ) -> Result<Vec<Result<Inserted, StoreError>>, StoreError> {
        if self.connection.is_none() {
            let fresh = connection::writer(&self.file.path);
            self.connection = Some(fresh.map_err(|error| store_error(&self.file.path, error))?);
            self.count_pages();
        }
        match &self.connection {
            Some(connection) => group::commit(connection, &self.file.path, units),
            None => Err(StoreError::Unavailable("the database is not open".into())),
        }
    }

    fn count_pages(&mut self) {
        let pages = self.pages.clone();
        let hook = move |_: &mut _, count| {
            pages.store(count, Ordering::Relaxed);
            Ok(())
        };
        if let Some(connection) = &mut self.connection
            && let Err(error) = connection.wal_hook(Some(hook))
        {
            warn!(%error, "the size of the database's log is not watched");
        }
    }

    /// After the answers, so that nobody waits for it but those who come next.
    fn checkpoint_if_due(&mut self) {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.checkpoint_at {
            return;
        }
        let is_complete = self.pragma("PRAGMA wal_checkpoint(PASSIVE)", |row| {
            Ok(row.get::<_, i32>(1)? == row.get::<_, i32>(2)?)
        });
        // A reader of old pages keeps the log from starting anew: try again when it has grown as much once more.
        self.checkpoint_at = if is_complete == Some(true) {
            CHECKPOINT_PAGES
        } else {
            pages.saturating_add(CHECKPOINT_PAGES)
        };
        self.checkpoints += 1;
        if self.checkpoints.is_multiple_of(OPTIMIZE_EVERY) {
            self.pragma("PRAGMA optimize", |_| Ok(()));
        }
    }

    /// Leaves one whole file.
    fn end(&mut self) {
        self.pragma("PRAGMA optimize", |_| Ok(()));
        self.pragma("PRAGMA wal_checkpoint(TRUNCATE)", |_| Ok(()));
    }

    /// The pragma's row, if it has one and does not fail.
    fn pragma<T>(
        &self,
        sql: &str,
        read: fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Option<T> {
        let connection = self.connection.as_ref()?;
        match connection.query_row(sql, [], read) {
            Ok(value) => Some(value),
            Err(rusqlite::Error::QueryReturnedNoRows) => None,
            Err(error) => {
                warn!(%error, sql, "the database could not be tended");
                None
            }
        }
    }
}

fn tell(job: Job, answer: Result<Inserted, StoreError>) {
    match (job.answer, answer) {
        // The one who asked may have gone meanwhile.
        (Some(waiting), answer) => drop(waiting.send(answer)),
        (None, Err(error)) => warn!(%error, "a write of no consequence failed"),
        (None, Ok(_)) => {}
    }
}

#[cfg(test)]
mod tests;
