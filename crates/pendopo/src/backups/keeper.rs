//! Making backups by the schedule, proving and thinning them out, and telling how it goes.

mod standing;

use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use jiff::tz::TimeZone;
use lifecycle::{Facts, Shutdown};
use prometheus_client::registry::Registry;
use school::{Clock, Timestamp};
use store::archive::{ArchiveError, Origin};
use store::backup::{Backup, BackupError, State};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::{Everything, beside, create, directories, is_beside, of};
use crate::cli::RoleName;
use crate::config::Config;
use crate::stores::{self, Opened};
use standing::{Standing, whole};

pub(crate) use standing::last_proved;

/// The clock on the wall is looked at this often: it may jump.
const LOOK: Duration = Duration::from_secs(30);
/// A start has other things to do than to make up for a backup that was missed.
const AFTER_START: Duration = Duration::from_mins(2);
/// After a failure it is tried again, whenever the next one is due.
const AFTER_FAILURE: Duration = Duration::from_mins(30);

/// The keeper of the backups.
pub(crate) struct Keeper {
    config: Config,
    records: Origin,
    /// Once they are open.
    stores: Arc<OnceLock<Opened>>,
    directories: &'static [&'static str],
    zone: TimeZone,
    standing: Standing,
    /// The newest first, as they were listed last.
    listed: Vec<Backup>,
    /// From when on a time of the schedule counts where there is no backup yet.
    begun: Timestamp,
}

impl Keeper {
    pub(crate) fn new(
        config: &Config,
        (roles, stores): (&[RoleName], Arc<OnceLock<Opened>>),
        facts: Facts,
        registry: &mut Registry,
    ) -> Self {
        let standing = Standing::new(facts, registry);
        standing.state("schedule", config.backup.schedule.to_string());
        Self {
            records: stores::origin(&config.store),
            stores,
            directories: directories(roles),
            zone: config.web.time_zone.time_zone().clone(),
            config: config.clone(),
            standing,
            listed: Vec::new(),
            begun: Clock::System.now(),
        }
    }

    /// Runs until the drain. A backup that is being made then is broken off; nothing of it counts.
    pub(crate) async fn run(mut self, mut shutdown: Shutdown) -> Result<(), String> {
        tokio::select! {
            () = shutdown.draining() => {}
            () = self.keep() => {}
        }
        Ok(())
    }

    /// Never ends.
    async fn keep(&mut self) {
        self.look().await;
        let mut not_before = Clock::System.now().after(AFTER_START);
        loop {
            let due = self.due().map(|due| due.max(not_before));
            let text = due.map_or_else(|| "never".to_owned(), |due| whole(due).to_string());
            self.standing.state("next", text);
            while due.is_none_or(|due| Clock::System.now() < due) {
                sleep(LOOK).await;
            }
            // Several servers may share the place: one that another made meanwhile will do.
            self.look().await;
            if self.due().is_some_and(|due| Clock::System.now() < due) {
                continue;
            }
            let is_made = self.make().await;
            let pause = if is_made { LOOK } else { AFTER_FAILURE };
            not_before = Clock::System.now().after(pause);
            self.look().await;
        }
    }

    /// The first time of the schedule after the newest backup that was proved: one that was missed is made up for.
    /// Without such a backup it is the first after the start, which has to stay the same until one is made.
    fn due(&self) -> Option<Timestamp> {
        let is_proved = |backup: &&Backup| backup.state() == State::Proved;
        let newest = self.listed.iter().find(is_proved);
        let newest = newest.map(|newest| newest.made_at);
        let after = newest.unwrap_or(self.begun);
        self.config.backup.schedule.next(after, &self.zone)
    }

    /// Lists them anew; a place that does not answer is told, and taken to hold what it held.
    async fn look(&mut self) {
        let config = self.config.clone();
        match on_thread(move || of(&config)?.list()).await {
            Ok(listed) => {
                self.standing.tell(&listed);
                self.listed = listed;
            }
            Err(error) => self.standing.state("last error", told(error.as_ref())),
        }
    }

    /// Makes one, and removes those that need not be kept; false if that failed.
    async fn make(&self) -> bool {
        let config = self.config.clone();
        if is_beside(&config) && self.stores.get().is_none() {
            self.standing.fails("the stores are not open yet");
            return false;
        }
        let everything = Everything {
            records: self.records.clone(),
            beside: self
                .stores
                .get()
                .and_then(|opened| beside(&config, opened, Handle::current())),
            directories: self.directories,
        };
        let made = on_thread(move || {
            let now = Clock::System.now();
            create(
                &of(&config)?,
                &config,
                (&everything, now),
                &mut |_, _, _| {},
            )
        });
        let made = made.await;
        match made {
            Ok(backup) => self.made(&backup),
            Err(Some(BackupError::Busy(_) | BackupError::Archive(ArchiveError::OthersTurn(_)))) => {
                return false;
            }
            Err(error) => {
                self.standing.fails(&told(error.as_ref()));
                return false;
            }
        }
        let config = self.config.clone();
        match on_thread(move || of(&config)?.thin_out(&config.backup.keep)).await {
            Ok(removed) => removed
                .iter()
                .for_each(|old| tracing::info!(name = old.name, "an old backup was removed")),
            Err(error) => {
                tracing::error!(error = told(error.as_ref()), "old backups can't be removed");
            }
        }
        true
    }

    fn made(&self, backup: &Backup) {
        tracing::info!(
            name = backup.name,
            bytes = backup.size,
            "a backup was made, restored and found whole"
        );
        self.standing.state("last error", "none");
        if let Some(entry) = backup.note.as_ref().and_then(|note| note.broken_trail) {
            tracing::error!(
                entry,
                "the audit trail is broken: it was changed, removed or put there from outside"
            );
        }
    }
}

/// Works on a thread that nobody waits for at the end: a drain shall not last as long as a backup. No error is one
/// that has no words: the thread could not be had, or panicked.
async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, Option<BackupError>> {
    let (tell, told) = oneshot::channel();
    let work = move || {
        // Nobody listens any more when the server drains.
        let _ = tell.send(work());
    };
    thread::Builder::new()
        .name("backup".to_owned())
        .spawn(work)
        .map_err(|_| None)?;
    told.await.map_err(|_| None)?.map_err(Some)
}

fn told(error: Option<&BackupError>) -> String {
    error.map_or_else(
        || "the thread for backups could not do its work".to_owned(),
        ToString::to_string,
    )
}

#[cfg(test)]
mod tests {
    use store::sqlite::{Options, open};
    use tempfile::TempDir;
    use testkit::postgres::Server;

    use super::*;
    use crate::cli::Global;
    use crate::config::load;

    fn config(directory: &TempDir, settings: &[&str]) -> Config {
        let global = Global {
            data: Some(directory.path().to_owned()),
            set: settings.iter().map(ToString::to_string).collect(),
            config: None,
        };
        load(&global, &[]).unwrap().config
    }

    fn keeper_of(config: &Config) -> Keeper {
        Keeper::new(
            config,
            (&RoleName::ALL, Arc::default()),
            Facts::default(),
            &mut Registry::default(),
        )
    }

    fn keeper(directory: &TempDir, settings: &[&str]) -> Keeper {
        let config = config(directory, settings);
        let database = config.store.records.file().unwrap();
        open(database, &Options::default()).unwrap().close();
        keeper_of(&config)
    }

    #[tokio::test]
    async fn a_backup_that_is_due_is_made_proved_and_told() {
        let directory = TempDir::new().unwrap();
        let mut keeper = keeper(&directory, &["backup.schedule=* * * * *"]);
        keeper.look().await;
        assert_eq!(keeper.standing.fact("last verified restore"), "none");
        assert!(keeper.due().unwrap() > Clock::System.now());
        assert!(keeper.make().await);
        keeper.look().await;
        assert_ne!(keeper.standing.fact("last verified restore"), "none");
        assert_eq!(keeper.standing.fact("last error"), "none");
        assert!(keeper.standing.proved() > 1_795_000_000);
        // The next one is counted from the newest, so that one that was missed is made up for.
        let made = keeper.listed[0].made_at;
        assert!(keeper.due().unwrap().since(made) <= Duration::from_mins(1));
    }

    #[tokio::test]
    async fn records_on_a_server_are_backed_up_as_well() {
        let (directory, server) = (TempDir::new().unwrap(), Server::default());
        let records = format!("store.records={}", server.url());
        let config = config(&directory, &[&records]);
        stores::open_now(&config.store).await.unwrap().close();
        let mut keeper = keeper_of(&config);
        assert!(keeper.make().await);
        keeper.look().await;
        assert_ne!(keeper.standing.fact("last verified restore"), "none");
        assert_eq!(keeper.standing.fact("last error"), "none");
    }

    #[tokio::test]
    async fn a_failure_is_told_and_counted() {
        let directory = TempDir::new().unwrap();
        let keeper = keeper(&directory, &["backup.to=/proc/nowhere"]);
        assert!(!keeper.make().await);
        assert!(keeper.standing.fact("last error").contains("/proc/nowhere"));
        assert_eq!(keeper.standing.failures(), 1);
    }

    #[tokio::test]
    async fn the_first_backup_is_due_when_its_time_has_come() {
        let directory = TempDir::new().unwrap();
        let mut keeper = keeper(&directory, &[]);
        keeper.look().await;
        assert!(keeper.due().unwrap() > Clock::System.now());
        keeper.begun = keeper.begun.before(Duration::from_hours(25));
        assert!(keeper.due().unwrap() < Clock::System.now());
    }

    #[tokio::test]
    async fn one_that_nobody_proved_takes_no_ones_turn() {
        let directory = TempDir::new().unwrap();
        let mut keeper = keeper(&directory, &[]);
        keeper.begun = keeper.begun.before(Duration::from_hours(25));
        assert!(keeper.make().await);
        keeper.look().await;
        assert!(keeper.due().unwrap() > Clock::System.now());
        // As if the process had died before it noted what it had proved.
        let name = format!("backups/{}.json", keeper.listed[0].name);
        std::fs::remove_file(directory.path().join(name)).unwrap();
        keeper.look().await;
        assert!(keeper.due().unwrap() < Clock::System.now());
    }

    #[tokio::test]
    async fn no_schedule_makes_none() {
        let directory = TempDir::new().unwrap();
        assert_eq!(keeper(&directory, &["backup.schedule=off"]).due(), None);
    }
}
