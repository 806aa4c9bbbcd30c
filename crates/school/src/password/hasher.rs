//! The threads that hash passwords: few, each with memory of its own, behind a queue that refuses more than it can do soon.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use argon2::Block;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::oneshot;

use super::phc;
use crate::secret::random_bytes;

/// How many sign-ins may wait for each thread: at about 25 ms each, the last one waits a second.
const QUEUE_PER_THREAD: usize = 32;

/// A thread keeps its 19 MiB for so long after the last password: fresh memory makes a hash half as slow again.
const MEMORY_KEPT: Duration = Duration::from_secs(10);

/// Too many passwords are being hashed: the caller should say 503 and when to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many people are signing in: try again in a few seconds")]
pub struct Overloaded;

enum Job {
    Hash(SecretString, oneshot::Sender<Option<String>>),
    Verify(SecretString, Option<String>, oneshot::Sender<bool>),
}

/// Hashes and verifies off the request threads; cheap to clone. The threads end with the last clone.
#[derive(Clone)]
pub struct Hasher {
    desk: Arc<Desk>,
}

/// Held by the hashers only, so that its end is the end of the last of them.
struct Desk(Arc<Queue>);

struct Queue {
    most: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    is_closed: bool,
}

impl Hasher {
    /// Starts `threads` threads; each takes 19 MiB while it is busy.
    pub fn start(threads: usize) -> io::Result<Self> {
        let most = threads.max(1) * QUEUE_PER_THREAD;
        let queue = Arc::new(Queue {
            most,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let desk = Arc::new(Desk(Arc::clone(&queue)));
        for index in 0..threads.max(1) {
            let queue = Arc::clone(&queue);
            thread::Builder::new()
                .name(format!("password-{index}"))
                .spawn(move || work(&queue))?;
        }
        Ok(Self { desk })
    }

    /// Hashes a new password.
    pub async fn hash(&self, password: SecretString) -> Result<String, Overloaded> {
        let (answer, hashed) = oneshot::channel();
        self.desk.0.push(Job::Hash(password, answer))?;
        hashed.await.ok().flatten().ok_or(Overloaded)
    }

    /// Whether the password fits the hash. Without a hash it takes the same time and answers no, so that nobody
    /// can tell by the clock whether an account exists.
    pub async fn verify(
        &self,
        password: SecretString,
        hash: Option<String>,
    ) -> Result<bool, Overloaded> {
        let (answer, verified) = oneshot::channel();
        self.desk.0.push(Job::Verify(password, hash, answer))?;
        verified.await.map_err(|_| Overloaded)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.0.lock().is_closed = true;
        self.0.changed.notify_all();
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, job: Job) -> Result<(), Overloaded> {
        let mut state = self.lock();
        if state.jobs.len() >= self.most {
            return Err(Overloaded);
        }
        state.jobs.push_back(job);
        self.changed.notify_one();
        Ok(())
    }

    /// The next job; `None` when there is none any more. Memory that rests too long is given back.
    fn next(&self, memory: &mut Vec<Block>) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            if state.is_closed {
                return None;
            }
            let (woken, wait) = self
                .changed
                .wait_timeout(state, MEMORY_KEPT)
                .unwrap_or_else(PoisonError::into_inner);
            state = woken;
            if wait.timed_out() {
                *memory = Vec::new();
            }
        }
    }
}

fn work(queue: &Queue) {
    let mut memory = Vec::new();
    while let Some(job) = queue.next(&mut memory) {
        // A caller that has gone away needs no answer.
        match job {
            Job::Hash(password, answer) if !answer.is_closed() => {
                let _ = answer.send(phc::hash(
                    password.expose_secret().as_bytes(),
                    random_bytes(),
                    &mut memory,
                ));
            }
            Job::Verify(password, hash, answer) if !answer.is_closed() => {
                let _ = answer.send(verify(&password, hash.as_deref(), &mut memory));
            }
            Job::Hash(..) | Job::Verify(..) => {}
        }
    }
}

fn verify(password: &SecretString, hash: Option<&str>, memory: &mut Vec<Block>) -> bool {
    let password = password.expose_secret().as_bytes();
    if let Some(hash) = hash {
        return phc::verify(password, hash, memory);
    }
    phc::hash(password, [0; 16], memory);
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hashed_password_is_verified_and_an_unknown_account_never_is() {
        let hasher = Hasher::start(1).unwrap();
        let hash = hasher.hash("kuda laut menari".into()).await.unwrap();
        assert_eq!(
            hasher
                .verify("kuda laut menari".into(), Some(hash.clone()))
                .await,
            Ok(true)
        );
        assert_eq!(
            hasher.verify("kuda laut".into(), Some(hash)).await,
            Ok(false)
        );
        assert_eq!(hasher.verify("kuda laut".into(), None).await, Ok(false));
    }

    #[tokio::test]
    async fn more_than_the_queue_holds_is_refused_at_once() {
        let hasher = Hasher::start(1).unwrap();
        let mut waiting = Vec::new();
        while let Ok(receiver) = enqueue(&hasher) {
            waiting.push(receiver);
        }
        assert!(waiting.len() >= QUEUE_PER_THREAD);
        assert_eq!(
            hasher.hash("kuda laut menari".into()).await,
            Err(Overloaded)
        );
        assert_eq!(waiting.remove(0).await, Ok(false));
    }

    #[tokio::test]
    async fn what_was_queued_is_done_before_the_threads_end() {
        let hasher = Hasher::start(1).unwrap();
        let (first, second) = (enqueue(&hasher).unwrap(), enqueue(&hasher).unwrap());
        let other = hasher.clone();
        drop(hasher);
        drop(other);
        assert_eq!((first.await, second.await), (Ok(false), Ok(false)));
    }

    fn enqueue(hasher: &Hasher) -> Result<oneshot::Receiver<bool>, Overloaded> {
        let (answer, verified) = oneshot::channel();
        hasher
            .desk
            .0
            .push(Job::Verify("kuda laut".into(), None, answer))
            .map(|()| verified)
    }
}
