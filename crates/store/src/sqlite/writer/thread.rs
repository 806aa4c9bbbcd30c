//! The writer's thread: takes groups from the queue, commits them, answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Release;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use rusqlite::Connection;
use school::{Inserted, StoreError};
use tracing::warn;

use super::upkeep::{self, Upkeep};
use super::{Job, Proof};
use crate::sqlite::failure::{again, store_error};
use crate::sqlite::prepared::Prepared;
use crate::sqlite::queue::Queue;
use crate::sqlite::{File, connection, group};
use crate::unit::Unit;

/// More units than this don't share a commit, so that none waits long.
const GROUP: usize = 256;

type Answered = Result<Inserted, StoreError>;

/// What the thread owns.
pub(super) struct Thread {
    file: Arc<File>,
    /// Absent after a failure that a fresh connection may mend.
    connection: Option<Prepared>,
    proof: Arc<Proof>,
    upkeep: Upkeep,
}

impl Thread {
    pub(super) fn new(file: Arc<File>, connection: Connection, proof: Arc<Proof>) -> Self {
        let upkeep = Upkeep::default();
        Self {
            file,
            connection: Some(upkeep.watch(connection)),
            proof,
            upkeep,
        }
    }

    pub(super) fn run(mut self, queue: &Queue<Job>) {
        let _end = queue.until_thread_ends();
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
            if let Some(connection) = &self.connection {
                self.upkeep.checkpoint_if_due(connection.connection());
            }
        }
        if let Some(connection) = &self.connection {
            upkeep::end(connection.connection());
        }
    }

    /// One answer a job.
    fn commit(&mut self, jobs: &[Job]) -> Vec<Answered> {
        if jobs.is_empty() {
            return Vec::new();
        }
        let units: Vec<&Unit> = jobs.iter().map(|job| &job.unit).collect();
        let committed = catch_unwind(AssertUnwindSafe(|| self.try_commit(&units)));
        let committed = committed
            .unwrap_or_else(|_| Err(StoreError::Unavailable("the writer stumbled".into())));
        self.file.commits.fetch_add(1, Release);
        self.prove(&committed);
        committed.unwrap_or_else(|failure| {
            if !matches!(failure, StoreError::Full(_)) {
                self.connection = None;
            }
            units.iter().map(|_| Err(again(&failure))).collect()
        })
    }

    /// A group of which every unit failed wrote nothing, and proves nothing.
    fn prove(&self, committed: &Result<Vec<Answered>, StoreError>) {
        let mut proof = self.proof.lock().unwrap_or_else(PoisonError::into_inner);
        match committed {
            Ok(answers) if answers.iter().any(Result::is_ok) => *proof = Some(Instant::now()),
            Ok(_) => {}
            Err(_) => *proof = None,
        }
    }

    fn try_commit(&mut self, units: &[&Unit]) -> Result<Vec<Answered>, StoreError> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => {
                let fresh = connection::writer(&self.file.path);
                let fresh = fresh.map_err(|error| store_error(&self.file.path, error))?;
                none.insert(self.upkeep.watch(fresh))
            }
        };
        group::commit(connection, &self.file.path, units)
    }
}

fn tell(job: Job, answer: Answered) {
    match (job.answer, answer) {
        // The one who asked may have gone meanwhile.
        (Some(waiting), answer) => drop(waiting.send(answer)),
        (None, Err(error)) => warn!(%error, "a write of no consequence failed"),
        (None, Ok(_)) => {}
    }
}
