//! The writer's thread: takes groups from the queue, commits them, answers.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use school::{Inserted, StoreError};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::warn;

use super::Job;
use crate::postgres::failure::again;
use crate::postgres::fault::Fault;
use crate::postgres::group;
use crate::postgres::link::Link;
use crate::postgres::orders::Sharing;
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
        // All wait at the same time, so any order is right; those that are alike share statements.
        jobs.make_contiguous()
            .sort_by(|one, other| one.unit.texts().cmp(other.unit.texts()));
        let mut size = differing(&jobs);
        let mut sharing = Sharing::Shared;
        while !jobs.is_empty() {
            let units: Vec<&Unit> = jobs.iter().take(size).map(|job| &job.unit).collect();
            let outcome = self.try_twice(&units, sharing).await;
            sharing = Sharing::Shared;
            match outcome {
                Err(Fault::Shared) => sharing = Sharing::Apart,
                // Those before it go first, and then it stands at the front.
                Err(Fault::Unit(first @ 1.., _)) => size = first,
                outcome => {
                    answer(&mut jobs, size, outcome);
                    size = differing(&jobs);
                }
            }
        }
    }

    /// On a connection that broke before the commit was sent, nothing was done: another one may do better.
    async fn try_twice(&self, units: &[&Unit], sharing: Sharing) -> Result<Vec<Inserted>, Fault> {
        match self.try_once(units, sharing).await {
            Err(Fault::Broken(_)) => self.try_once(units, sharing).await,
            done => done,
        }
    }

    async fn try_once(&self, units: &[&Unit], sharing: Sharing) -> Result<Vec<Inserted>, Fault> {
        let connection = self.link.connection().await.map_err(Fault::Group)?;
        let done = timeout(
            WITHIN,
            group::commit(&connection, units, sharing, self.written.as_deref()),
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

/// How many from the front are no repetitions of each other: a request that is remembered is found by the next group.
fn differing(jobs: &VecDeque<Job>) -> usize {
    let mut seen = HashSet::new();
    let mut requests = jobs.iter().map(|job| job.unit.request());
    let again = requests.position(|request| request.is_some_and(|one| !seen.insert(one)));
    again.unwrap_or(jobs.len())
}

/// Tells what became of the group of this size, or of its first unit.
fn answer(jobs: &mut VecDeque<Job>, size: usize, outcome: Result<Vec<Inserted>, Fault>) {
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
        // It is tried again before anybody is told.
        Err(Fault::Shared) => {}
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
