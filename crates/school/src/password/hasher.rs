//! The threads that hash passwords: few, each with memory of its own, behind a queue that refuses more than it can do soon.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use argon2::Block;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::oneshot;

use super::phc;
use crate::secret::random_bytes;

/// How many sign-ins may wait for each thread: at about 25 ms each, the last one waits a second.
const QUEUE_PER_THREAD: usize = 32;

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
    queue: SyncSender<Job>,
}

impl Hasher {
    /// Starts `threads` threads; each takes 19 MiB once it has hashed.
    pub fn start(threads: usize) -> io::Result<Self> {
        let (queue, jobs) = sync_channel(threads * QUEUE_PER_THREAD);
        let jobs = Arc::new(Mutex::new(jobs));
        for index in 0..threads.max(1) {
            let jobs = Arc::clone(&jobs);
            thread::Builder::new()
                .name(format!("password-{index}"))
                .spawn(move || work(&jobs))?;
        }
        Ok(Self { queue })
    }

    /// Hashes a new password.
    pub async fn hash(&self, password: SecretString) -> Result<String, Overloaded> {
        let (answer, hashed) = oneshot::channel();
        self.queue
            .try_send(Job::Hash(password, answer))
            .map_err(|_| Overloaded)?;
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
        self.queue
            .try_send(Job::Verify(password, hash, answer))
            .map_err(|_| Overloaded)?;
        verified.await.map_err(|_| Overloaded)
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    let mut memory: Vec<Block> = Vec::with_capacity(phc::blocks());
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        // A caller that has gone away needs no answer; every sender gone means that the process is ending.
        match job {
            Err(_) => return,
            Ok(Job::Hash(password, answer)) if !answer.is_closed() => {
                let _ = answer.send(phc::hash(
                    password.expose_secret().as_bytes(),
                    random_bytes(),
                    &mut memory,
                ));
            }
            Ok(Job::Verify(password, hash, answer)) if !answer.is_closed() => {
                let _ = answer.send(verify(&password, hash.as_deref(), &mut memory));
            }
            Ok(_) => {}
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

    fn enqueue(hasher: &Hasher) -> Result<oneshot::Receiver<bool>, ()> {
        let (answer, verified) = oneshot::channel();
        let job = Job::Verify("kuda laut".into(), None, answer);
        hasher
            .queue
            .try_send(job)
            .map(|()| verified)
            .map_err(|_| ())
    }
}
