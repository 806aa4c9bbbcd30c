//! Named threads that belong together: when one ends, all drain.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread::{Builder, JoinHandle};

use thiserror::Error;
use tokio::runtime;

use crate::shutdown::{Shutdown, Trigger};
use crate::watchdog::Watchdog;

/// Why the process's parts ended.
#[derive(Debug, Error)]
pub enum TaskError {
    /// A thread could not be started.
    #[error("can't start `{0}`: {1}")]
    Start(String, #[source] std::io::Error),
    /// A part failed.
    #[error("`{0}` failed: {1}")]
    Failed(String, String),
}

type Outcome = Result<(), String>;
type Ended = (String, Outcome);

/// Threads, each with a name and a single-threaded runtime; they end together.
pub struct Tasks {
    trigger: Trigger,
    shutdown: Shutdown,
    threads: Vec<JoinHandle<()>>,
    watchdog: Option<Watchdog>,
    at_rest: fn(),
    ended: mpsc::Receiver<Ended>,
    tell: mpsc::Sender<Ended>,
}

impl Tasks {
    /// No threads yet.
    pub fn new(trigger: Trigger, shutdown: Shutdown) -> Self {
        let (tell, ended) = mpsc::channel();
        Self {
            trigger,
            shutdown,
            threads: Vec::new(),
            watchdog: None,
            at_rest: || {},
            ended,
            tell,
        }
    }

    /// Has those that are spawned as watched looked after by this one.
    pub fn watch(&mut self, watchdog: Watchdog) {
        self.watchdog = Some(watchdog);
    }

    /// Has each thread spawned from now on call this whenever it has nothing more to do for now; it must be quick.
    pub fn at_rest(&mut self, call: fn()) {
        self.at_rest = call;
    }

    /// The same as [`Tasks::spawn`] for a future that never blocks its thread: if it does, the process ends.
    pub fn spawn_watched<S, F>(
        &mut self,
        name: impl Into<String>,
        start: S,
    ) -> Result<(), TaskError>
    where
        S: FnOnce(Shutdown) -> F + Send + 'static,
        F: Future<Output = Outcome>,
    {
        let name = name.into();
        let Some(watchdog) = &self.watchdog else {
            return self.spawn(name, start);
        };
        let turning = watchdog.turning(&name);
        self.spawn(name, |shutdown| async move {
            tokio::select! {
                outcome = start(shutdown) => outcome,
                () = turning => unreachable!("it turns for ever"),
            }
        })
    }

    /// Starts a thread that runs the future made by `start` to its end on a runtime of its own.
    ///
    /// The future shall end when its shutdown says so; an early end or an error drains all the others.
    pub fn spawn<S, F>(&mut self, name: impl Into<String>, start: S) -> Result<(), TaskError>
    where
        S: FnOnce(Shutdown) -> F + Send + 'static,
        F: Future<Output = Outcome>,
    {
        let name = name.into();
        let (trigger, shutdown) = (self.trigger.clone(), self.shutdown.clone());
        let tell = self.tell.clone();
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .on_thread_park(self.at_rest)
            .build()
            .map_err(|error| TaskError::Start(name.clone(), error))?;
        let told = name.clone();
        let run = move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| runtime.block_on(start(shutdown))));
            let outcome = outcome.unwrap_or_else(|_| Err("panicked".to_owned()));
            trigger.drain();
            // Nobody waits any more when the process is ending at once.
            let _ = tell.send((told, outcome));
        };
        let thread = Builder::new()
            .name(name.clone())
            .spawn(run)
            .map_err(|error| TaskError::Start(name, error))?;
        self.threads.push(thread);
        Ok(())
    }

    /// Waits until every thread has ended; the first failure is told, the others are logged.
    pub fn join(self) -> Result<(), TaskError> {
        let mut first = Ok(());
        for _ in &self.threads {
            let Ok((name, outcome)) = self.ended.recv() else {
                break;
            };
            let Err(reason) = outcome else { continue };
            tracing::error!(task.name = %name, error = %reason, "a part of the process failed");
            first = first.and(Err(TaskError::Failed(name, reason)));
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shutdown;

    #[test]
    fn when_one_task_fails_the_others_drain_and_its_reason_is_told() {
        let (trigger, shutdown) = shutdown::channel();
        let mut tasks = Tasks::new(trigger, shutdown);
        tasks
            .spawn("waits", |mut shutdown: Shutdown| async move {
                shutdown.draining().await;
                Ok(())
            })
            .unwrap();
        tasks
            .spawn("fails", |_| async { Err("no disk".to_owned()) })
            .unwrap();
        assert_eq!(
            tasks.join().unwrap_err().to_string(),
            "`fails` failed: no disk"
        );
    }

    #[test]
    fn a_panic_is_a_failure_with_a_name() {
        let (trigger, shutdown) = shutdown::channel();
        let mut tasks = Tasks::new(trigger, shutdown);
        tasks.spawn("breaks", |_| async { panic!("oh") }).unwrap();
        assert_eq!(
            tasks.join().unwrap_err().to_string(),
            "`breaks` failed: panicked"
        );
    }
}
