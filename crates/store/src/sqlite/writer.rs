//! The one writer: a thread that takes all that is queued, commits it as one group, and answers only then.

mod thread;
mod upkeep;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use school::{Inserted, StoreError};
use tokio::sync::oneshot;
use tracing::{error, warn};

use super::queue::{Queue, Refused};
use super::{File, Options};
use crate::open_error::OpenError;
use crate::unit::Unit;
use thread::Thread;

/// A commit that is no older proves that the disk takes writes, without one more.
const PROVEN_FOR: Duration = Duration::from_secs(1);
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
    proof: Arc<Proof>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// When the last group was committed; absent once one failed.
type Proof = Mutex<Option<Instant>>;

impl Writer {
    pub(super) fn start(
        file: Arc<File>,
        connection: Connection,
        options: &Options,
    ) -> Result<Self, OpenError> {
        let queue = Arc::new(Queue::new(options.queue));
        let jobs = queue.clone();
        let proof = Arc::new(Proof::default());
        let proven = proof.clone();
        let thread = Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || Thread::new(file, connection, proven).run(&jobs))
            .map_err(OpenError::Thread)?;
        Ok(Self {
            queue,
            wait: options.queue_wait,
            proof,
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

    /// Whether a write was committed a moment ago, and none failed since.
    pub(super) fn has_just_written(&self) -> bool {
        let proof = self.proof.lock().unwrap_or_else(PoisonError::into_inner);
        proof.is_some_and(|at| at.elapsed() < PROVEN_FOR)
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

#[cfg(test)]
mod tests;
