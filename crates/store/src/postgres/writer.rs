//! The one writer of this process: a thread that takes all that is queued, commits it as one group, and answers only then.

mod thread;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use school::{Inserted, StoreError};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tracing::{error, warn};

use super::link::Link;
use super::replicas::Written;
use crate::open_error::OpenError;
use crate::unit::Unit;
use thread::Thread;

/// How many writes may wait; more are refused.
const PLACES: usize = 4096;
/// How long a write waits for a place in the queue, and how long for its answer.
const PLACE_WITHIN: Duration = Duration::from_millis(500);
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

struct Job {
    unit: Unit,
    /// Absent where nobody waits.
    answer: Option<oneshot::Sender<Result<Inserted, StoreError>>>,
}

/// The door to the writer's thread.
#[derive(Debug)]
pub(super) struct Writer {
    /// Absent once it is closed.
    queue: Mutex<Option<mpsc::Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Tells of its commits where somebody wants to know.
    pub(super) fn start(link: Arc<Link>, written: Option<Arc<Written>>) -> Result<Self, OpenError> {
        let (queue, jobs) = mpsc::channel(PLACES);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(OpenError::Thread)?;
        let thread = Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || runtime.block_on(Thread::new(link, written).run(jobs)))
            .map_err(OpenError::Thread)?;
        Ok(Self {
            queue: Mutex::new(Some(queue)),
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
        let queue = self.queue().ok_or_else(closed)?;
        match queue.send_timeout(job, PLACE_WITHIN).await {
            Ok(()) => {}
            Err(mpsc::error::SendTimeoutError::Timeout(_)) => {
                return Err(StoreError::Unavailable(
                    "too many writes are waiting".into(),
                ));
            }
            Err(mpsc::error::SendTimeoutError::Closed(_)) => return Err(closed()),
        }
        drop(queue);
        match timeout(ANSWER_WITHIN, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(StoreError::Unavailable(
                "the writer ended without an answer".into(),
            )),
            Err(_) => Err(StoreError::Unavailable(
                "the database takes too long to write".into(),
            )),
        }
    }

    /// Does a unit of work for which nobody waits; it is left out when the queue is full.
    pub(super) fn write_later(&self, unit: Unit) {
        let job = Job { unit, answer: None };
        if let Some(queue) = self.queue()
            && let Err(TrySendError::Full(_)) = queue.try_send(job)
        {
            warn!("a write of no consequence was left out: too many are waiting");
        }
    }

    pub(super) fn close(&self) {
        drop(
            self.queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take()
            && thread.join().is_err()
        {
            error!("the writer of the database did not end well");
        }
    }

    fn queue(&self) -> Option<mpsc::Sender<Job>> {
        self.queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("the database is closed".into())
}
