//! The writer's thread: takes groups from the queue, commits them, answers.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use school::{Inserted, StoreError};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::warn;

use super::Job;
use crate::postgres::failure::again;
use crate::postgres::group::{self, Fault};
use crate::postgres::link::Link;
use crate::postgres::replicas::Written;
use crate::unit::Unit;

/// More units than this don't share a commit, so that none waits long.
const GROUP: usize = 256;
/// A server that takes longer for a group is taken to be away; it ends the transaction by itself.
const WITHIN: Duration = Duration::from_secs(10);

pub(super) struct Thread {
    link: Arc<Link>,
    written: Option<Arc<Written>>,
}

impl Thread {
    pub(super) fn new(link: Arc<Link>, written: Option<Arc<Written>>) -> Self {
        Self { link, written }
    }

    pub(super) async fn run(self, mut queue: mpsc::Receiver<Job>) {
        let mut jobs = Vec::new();
        while queue.recv_many(&mut jobs, GROUP).await > 0 {
            self.commit(jobs.drain(..).collect()).await;
        }
    }

    /// Answers every job. A unit that fails ends the transaction it is in: those before it are committed without it, and
    /// those after it have their own.
    async fn commit(&self, mut jobs: VecDeque<Job>) {
        // Whoever gave up waiting was told nothing, and nothing is done.
        jobs.retain(|job| job.answer.as_ref().is_none_or(|answer| !answer.is_closed()));
        let mut size = jobs.len();
        while !jobs.is_empty() {
            let units: Vec<&Unit> = jobs.iter().take(size).map(|job| &job.unit).collect();
            size = match self.try_twice(&units).await {
                // Those before it go first, and then it stands at the front.
                Err(Fault::Unit(first @ 1.., _)) => first,
                outcome => answer(&mut jobs, size, outcome),
            };
        }
    }

    /// On a connection that broke before the commit was sent, nothing was done: another one may do better.
    async fn try_twice(&self, units: &[&Unit]) -> Result<Vec<Inserted>, Fault> {
        match self.try_once(units).await {
            Err(Fault::Broken(_)) => self.try_once(units).await,
            done => done,
        }
    }

    async fn try_once(&self, units: &[&Unit]) -> Result<Vec<Inserted>, Fault> {
        let connection = self.link.connection().await.map_err(Fault::Group)?;
        let done = timeout(
            WITHIN,
            group::commit(&connection, units, self.written.as_deref()),
        )
        .await;
        let done = done.unwrap_or_else(|_| {
            let silent = "the database does not answer within 10 s";
            Err(Fault::Group(StoreError::Unavailable(silent.into())))
        });
        // After a failure of the whole group nobody knows what state the connection is in.
        if let Err(Fault::Broken(_) | Fault::Group(_)) = &done {
            self.link.forget(&connection);
        }
        done
    }
}

/// Tells what became of the group of this size, or of its first unit; how many are left.
fn answer(jobs: &mut VecDeque<Job>, size: usize, outcome: Result<Vec<Inserted>, Fault>) -> usize {
    match outcome {
        Ok(done) => {
            let told = jobs.drain(..size).zip(done);
            told.for_each(|(job, done)| tell(job, Ok(done)));
        }
        Err(Fault::Unit(_, answer)) => {
            if let Some(job) = jobs.pop_front() {
                tell(job, answer);
            }
        }
        Err(Fault::Group(error) | Fault::Broken(error)) => {
            let told = jobs.drain(..size);
            told.for_each(|job| tell(job, Err(again(&error))));
        }
    }
    jobs.len()
}

fn tell(job: Job, answer: Result<Inserted, StoreError>) {
    match (job.answer, answer) {
        // The one who asked may have gone meanwhile.
        (Some(waiting), answer) => drop(waiting.send(answer)),
        (None, Err(error)) => warn!(%error, "a write of no consequence failed"),
        (None, Ok(_)) => {}
    }
}
