//! A bounded queue from many tasks to one thread, which takes all that waits at once.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, TryAcquireError};
use tokio::time::timeout;

/// The queue. Its thread sleeps while it is empty.
#[derive(Debug)]
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    arrived: Condvar,
    /// Free places. Closed together with the queue.
    room: Semaphore,
}

#[derive(Debug)]
struct State<T> {
    jobs: VecDeque<T>,
    is_closed: bool,
    /// The thread sleeps: only then is waking it worth a call into the kernel.
    is_waiting: bool,
}

/// Why a job was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    Full,
    Closed,
}

impl<T> Queue<T> {
    pub(super) fn new(places: usize) -> Self {
        Self {
            state: Mutex::new(State {
                jobs: VecDeque::new(),
                is_closed: false,
                is_waiting: false,
            }),
            arrived: Condvar::new(),
            room: Semaphore::new(places),
        }
    }

    /// Queues a job, or refuses it if there is no place within `wait`.
    pub(super) async fn push(&self, job: T, wait: Duration) -> Result<(), Refused> {
        let permit = match self.room.try_acquire() {
            Ok(permit) => permit,
            Err(TryAcquireError::Closed) => return Err(Refused::Closed),
            Err(TryAcquireError::NoPermits) => match timeout(wait, self.room.acquire()).await {
                Ok(Ok(permit)) => permit,
                Ok(Err(_)) => return Err(Refused::Closed),
                Err(_) => return Err(Refused::Full),
            },
        };
        permit.forget();
        self.put(job)
    }

    /// Queues a job, or refuses it at once.
    pub(super) fn try_push(&self, job: T) -> Result<(), Refused> {
        match self.room.try_acquire() {
            Ok(permit) => permit.forget(),
            Err(TryAcquireError::Closed) => return Err(Refused::Closed),
            Err(TryAcquireError::NoPermits) => return Err(Refused::Full),
        }
        self.put(job)
    }

    fn put(&self, job: T) -> Result<(), Refused> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(Refused::Closed);
        }
        state.jobs.push_back(job);
        if state.is_waiting {
            state.is_waiting = false;
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Waits for jobs and takes up to `most`; none when the queue is closed and empty.
    pub(super) fn take(&self, most: usize) -> Vec<T> {
        let mut state = self.lock();
        while state.jobs.is_empty() && !state.is_closed {
            state.is_waiting = true;
            state = self
                .arrived
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let taken = state.jobs.len().min(most);
        let jobs = state.jobs.drain(..taken).collect();
        drop(state);
        self.room.add_permits(taken);
        jobs
    }

    /// Takes no more jobs; those that are queued are still done.
    pub(super) fn close(&self) {
        self.room.close();
        self.lock().is_closed = true;
        self.arrived.notify_all();
    }

    /// For the thread to hold: however it ends, nobody waits for it any more.
    pub(super) fn until_thread_ends(&self) -> ThreadEnd<'_, T> {
        ThreadEnd { queue: self }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes the queue when it is dropped, and drops what is still in it.
pub(super) struct ThreadEnd<'a, T> {
    queue: &'a Queue<T>,
}

impl<T> Drop for ThreadEnd<'_, T> {
    fn drop(&mut self) {
        self.queue.close();
        self.queue.lock().jobs.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_queue_refuses_after_the_wait_and_has_room_again_when_jobs_are_taken() {
        let queue = Queue::new(2);
        let wait = Duration::from_millis(2);
        assert_eq!(queue.push(1, wait).await, Ok(()));
        assert_eq!(queue.try_push(2), Ok(()));
        assert_eq!(queue.try_push(3), Err(Refused::Full));
        assert_eq!(queue.push(3, wait).await, Err(Refused::Full));
        assert_eq!(queue.take(1), [1]);
        assert_eq!(queue.push(4, wait).await, Ok(()));
        assert_eq!(queue.take(9), [2, 4]);
    }

    #[tokio::test]
    async fn a_closed_queue_gives_what_it_holds_and_takes_no_more() {
        let queue = Queue::new(1);
        assert_eq!(queue.try_push(1), Ok(()));
        queue.close();
        assert_eq!(queue.push(2, Duration::MAX).await, Err(Refused::Closed));
        assert_eq!(queue.try_push(2), Err(Refused::Closed));
        assert_eq!(queue.take(9), [1]);
        assert_eq!(queue.take(9), [0; 0]);
    }

    #[tokio::test]
    async fn nobody_waits_for_a_thread_that_ended() {
        let queue = Queue::new(2);
        let (answer, answered) = tokio::sync::oneshot::channel::<()>();
        assert_eq!(queue.try_push(answer), Ok(()));
        drop(queue.until_thread_ends());
        assert!(answered.await.is_err());
        let (answer, _) = tokio::sync::oneshot::channel();
        assert_eq!(queue.try_push(answer), Err(Refused::Closed));
    }
}
