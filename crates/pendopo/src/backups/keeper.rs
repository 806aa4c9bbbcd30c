//! Making backups by the schedule, proving and thinning them out, and telling how it goes.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use jiff::tz::TimeZone;
use lifecycle::{Facts, Shutdown};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use school::{Clock, Timestamp};
use store::backup::{Backup, BackupError, State};
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::{create, directories, of};
use crate::cli::RoleName;
use crate::config::Config;

/// The clock on the wall is looked at this often: it may jump.
const LOOK: Duration = Duration::from_secs(30);
/// A start has other things to do than to make up for a backup that was missed.
const AFTER_START: Duration = Duration::from_mins(2);
/// After a failure it is tried again, whenever the next one is due.
const AFTER_FAILURE: Duration = Duration::from_mins(30);

/// The keeper of the backups.
pub(crate) struct Keeper {
    config: Config,
    database: PathBuf,
    directories: &'static [&'static str],
    zone: TimeZone,
    facts: Facts,
    metrics: Metrics,
}

#[derive(Default)]
struct Metrics {
    made: Gauge,
    proved: Gauge,
    size: Gauge,
    failures: Counter,
}

impl Metrics {
    fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        let registry = registry.sub_registry_with_prefix("pendopo_backup");
        let mut gauge = |name, help, gauge: &Gauge| registry.register(name, help, gauge.clone());
        gauge(
            "made",
            "When the newest backup was made, in Unix time",
            &metrics.made,
        );
        gauge(
            "proved",
            "When a backup was last restored and found whole, in Unix time",
            &metrics.proved,
        );
        gauge("size", "Bytes of the newest backup", &metrics.size);
        registry.register(
            "failures",
            "Backups that could not be made or proved",
            metrics.failures.clone(),
        );
        metrics
    }
}

impl Keeper {
    pub(crate) fn new(
        config: &Config,
        (database, roles): (&Path, &[RoleName]),
        facts: Facts,
        registry: &mut Registry,
    ) -> Self {
        let keeper = Self {
            database: database.to_owned(),
            directories: directories(roles),
            zone: config.web.time_zone.time_zone().clone(),
            config: config.clone(),
            metrics: Metrics::register(registry),
            facts,
        };
        keeper.tell();
        keeper
    }

    /// Runs until the drain. A backup that is being made then is broken off; nothing of it counts.
    pub(crate) async fn run(self, mut shutdown: Shutdown) -> Result<(), String> {
        tokio::select! {
            () = shutdown.draining() => {}
            () = self.keep() => {}
        }
        Ok(())
    }

    /// Never ends.
    async fn keep(&self) {
        let mut not_before = Clock::System.now().after(AFTER_START);
        loop {
            let due = self.due().map(|due| due.max(not_before));
            let text = due.map_or_else(|| "never".to_owned(), |due| whole(due).to_string());
            self.facts.state("backup", "next", text);
            while due.is_none_or(|due| Clock::System.now() < due) {
                sleep(LOOK).await;
            }
            let is_made = self.make().await;
            let pause = if is_made { LOOK } else { AFTER_FAILURE };
            not_before = Clock::System.now().after(pause);
            self.tell();
        }
    }

    /// The first time of the schedule after the newest backup: one that was missed is made up for.
    fn due(&self) -> Option<Timestamp> {
        let schedule = &self.config.backup.schedule;
        let newest = of(&self.config).list().ok()?.into_iter().next();
        let after = newest.map_or_else(|| Clock::System.now(), |newest| newest.made_at);
        schedule.next(after, &self.zone)
    }

    async fn make(&self) -> bool {
        let (tell, told) = oneshot::channel();
        let (config, database) = (self.config.clone(), self.database.clone());
        let directories = self.directories;
        // A thread that nobody waits for: a drain shall not last as long as a backup.
        let work = move || {
            let made = create(
                &config,
                (&database, directories),
                Clock::System.now(),
                &mut |_, _| {},
            );
            // Nobody listens any more when the server drains.
            let _ = tell.send(made);
        };
        let started = thread::Builder::new().name("backup".to_owned()).spawn(work);
        let made = match started {
            Ok(_) => told.await.map_err(|_| "the thread panicked".to_owned()),
            Err(error) => Err(format!("can't start a thread: {error}")),
        };
        match made {
            Ok(Ok(backup)) => self.made(&backup),
            Ok(Err(BackupError::Busy(_))) => return false,
            Ok(Err(error)) => return self.failed(&error.to_string()),
            Err(error) => return self.failed(&error),
        }
        true
    }

    fn made(&self, backup: &Backup) {
        tracing::info!(path = %backup.path.display(), bytes = backup.size, "a backup was made, restored and found whole");
        self.facts.state("backup", "last error", "none");
        if let Some(entry) = backup.note.as_ref().and_then(|note| note.broken_trail) {
            tracing::error!(
                entry,
                "the audit trail is broken: it was changed, removed or put there from outside"
            );
        }
        match of(&self.config).thin_out(&self.config.backup.keep) {
            Ok(removed) => removed.iter().for_each(
                |old| tracing::info!(path = %old.path.display(), "an old backup was removed"),
            ),
            Err(error) => tracing::error!(%error, "old backups can't be removed"),
        }
    }

    fn failed(&self, error: &str) -> bool {
        tracing::error!(error, "no backup was made");
        self.metrics.failures.inc();
        self.facts.state("backup", "last error", error);
        false
    }

    /// Says how the backups stand.
    fn tell(&self) {
        let state = |name: &str, value: String| self.facts.state("backup", name, value);
        state("schedule", self.config.backup.schedule.to_string());
        let backups = match of(&self.config).list() {
            Ok(backups) => backups,
            Err(error) => return state("last error", error.to_string()),
        };
        let newest = backups.first();
        state(
            "last",
            newest.map_or_else(none, |newest| name(&newest.path)),
        );
        let proved = last_proved(&backups);
        state(
            "last verified restore",
            proved.map_or_else(none, |at| whole(at).to_string()),
        );
        let seconds = |at: Timestamp| at.0 / 1_000_000;
        self.metrics.proved.set(proved.map_or(0, seconds));
        if let Some(newest) = newest {
            self.metrics.made.set(seconds(newest.made_at));
            self.metrics
                .size
                .set(i64::try_from(newest.size).unwrap_or(i64::MAX));
        }
    }
}

/// When one that is still whole was last restored.
pub(crate) fn last_proved(backups: &[Backup]) -> Option<Timestamp> {
    let proved = backups
        .iter()
        .filter(|backup| backup.state() == State::Proved);
    proved
        .filter_map(|backup| Some(backup.note.as_ref()?.proved_at))
        .max()
}

fn none() -> String {
    "none".to_owned()
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// In whole seconds.
fn whole(at: Timestamp) -> Timestamp {
    Timestamp(at.0 - at.0.rem_euclid(1_000_000))
}

#[cfg(test)]
mod tests {
    use store::sqlite::{Options, open};
    use tempfile::TempDir;

    use super::*;
    use crate::cli::Global;
    use crate::config::load;

    fn keeper(directory: &TempDir, settings: &[&str]) -> Keeper {
        let global = Global {
            data: Some(directory.path().to_owned()),
            set: settings.iter().map(ToString::to_string).collect(),
            config: None,
        };
        let config = load(&global, &[]).unwrap().config;
        let database = config.store.records.file().unwrap();
        open(database, &Options::default()).unwrap().close();
        Keeper::new(
            &config,
            (database, &RoleName::ALL),
            Facts::default(),
            &mut Registry::default(),
        )
    }

    fn fact(keeper: &Keeper, name: &str) -> String {
        let facts = keeper.facts.list().into_iter();
        let mut found = facts.filter(|(part, own, _)| *part == "backup" && own == name);
        found.next().map(|(.., value)| value).unwrap_or_default()
    }

    #[tokio::test]
    async fn a_backup_that_is_due_is_made_proved_and_told() {
        let directory = TempDir::new().unwrap();
        let keeper = keeper(&directory, &["backup.schedule=* * * * *"]);
        assert_eq!(fact(&keeper, "last verified restore"), "none");
        let due = keeper.due().unwrap();
        assert!(due > Clock::System.now());
        assert!(keeper.make().await);
        keeper.tell();
        assert_ne!(fact(&keeper, "last verified restore"), "none");
        assert_eq!(fact(&keeper, "last error"), "none");
        assert!(keeper.metrics.proved.get() > 1_795_000_000);
        // The next one is counted from the newest, so that one that was missed is made up for.
        let made = of(&keeper.config).list().unwrap()[0].made_at;
        assert!(keeper.due().unwrap().since(made) <= Duration::from_mins(1));
    }

    #[tokio::test]
    async fn a_failure_is_told_and_counted() {
        let directory = TempDir::new().unwrap();
        let keeper = keeper(&directory, &["backup.to=/proc/nowhere"]);
        assert!(!keeper.make().await);
        assert!(fact(&keeper, "last error").contains("/proc/nowhere"));
        assert_eq!(keeper.metrics.failures.get(), 1);
    }

    #[tokio::test]
    async fn no_schedule_makes_none() {
        let directory = TempDir::new().unwrap();
        assert_eq!(keeper(&directory, &["backup.schedule=off"]).due(), None);
    }
}
