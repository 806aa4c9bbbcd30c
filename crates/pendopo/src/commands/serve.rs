//! `pendopo serve`: binds every role, runs them and opens the stores, until a signal comes or a role ends.

mod bans;
mod open_api;
mod school;
mod welcome;

use std::cell::Cell;
use std::convert::Infallible;
use std::future::pending;
use std::pin::pin;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::thread;

use ::school::Clock;
use anyhow::{Context, Error, Result, anyhow};
use edge::{Control, Handed, LocalService};
use lifecycle::tasks::TaskError;
use lifecycle::{Part, Shutdown, Tasks, Trigger, Watchdog, shutdown};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use store::newest_schema;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::{LocalSet, spawn_local};

use crate::backups::Keeper;
use crate::bootstrap::Made;
use crate::cli::{Global, RoleName, ServeOptions};
use crate::config::{self, Config};
use crate::control::{ControlSocket, Estate, Inheritance, Office, Predecessor, Wanted};
use crate::data_dir::DataDir;
use crate::private::{Private, ProcessMetrics};
use crate::process::{self, Impatience, Signals};
use crate::reload::{Hangup, Reloader};
use crate::roles::{self, BoundRoles, Telling};
use crate::sandbox::Sandbox;
use crate::stores::{self, Opened};
use crate::{secret_files, telemetry};
use school::School;
use welcome::Welcome;

/// The version that `--version`, the status page and the metrics show.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Runs the server to its end.
pub(super) fn run(global: &Global, options: &ServeOptions) -> Result<ExitCode> {
    let loaded = config::load(global, &options.domain)?;
    let config = &loaded.config;
    telemetry::start(&config.log);
    secret_files::warn_of(&loaded);
    let roles = roles::chosen(&options.role, config)?;
    if options.open_api {
        open_api::must_be_private(config, &roles)?;
    }
    let (predecessor, mut inheritance) = if options.takeover {
        relieved(config, &roles)?.unzip()
    } else {
        (None, None)
    };
    let data = match &mut inheritance {
        Some(inheritance) => DataDir::inherit(&config.data, std::mem::take(&mut inheritance.locks)),
        None => DataDir::open(&config.data, &roles)?,
    };
    if predecessor.is_none() {
        roles::probe(&roles, config)?;
    }
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .context("can't start the main thread's runtime")?;
    stores::must_be_whole(&config.data)?;
    let sandbox = Sandbox::around_files(&roles, &loaded)?;
    let server = Server {
        config: loaded.config,
        roles,
        data,
        sandbox,
        global: global.clone(),
        options: options.clone(),
        opened: Arc::default(),
    };
    let serving = server.serve(predecessor, inheritance);
    let outcome = LocalSet::new().block_on(&runtime, serving);
    drop(runtime);
    if let Some(opened) = server.opened.get() {
        opened.close();
    }
    outcome
}

/// The server that this one takes over from, if there is one, and what it hands over.
fn relieved(config: &Config, roles: &[RoleName]) -> Result<Option<(Predecessor, Inheritance)>> {
    let edge = roles::edge_config(roles, config);
    let wanted = Wanted {
        http: edge.http.address(),
        https: edge.https.address(),
        private: config.admin.listen,
    };
    Predecessor::ask(&config.data, roles, &wanted)
}

/// Everything that is decided before a listener is bound.
struct Server {
    config: Config,
    roles: Vec<RoleName>,
    data: DataDir,
    sandbox: Sandbox,
    global: Global,
    options: ServeOptions,
    /// Empty until the stores are there, and without the role `web`.
    opened: Arc<OnceLock<Opened>>,
}

impl Server {
    async fn serve(
        &self,
        predecessor: Option<Predecessor>,
        inheritance: Option<Inheritance>,
    ) -> Result<ExitCode> {
        let mut telling = Telling::default();
        let signals = Signals::listen().context("can't listen for signals")?;
        let hangup = Hangup::listen().context("can't listen for SIGHUP")?;
        let process = telling.readiness.register("process");
        let (handed, listener) = match inheritance {
            Some(inheritance) => (Some(inheritance.edge), inheritance.private),
            None => (None, None),
        };
        let private = Private::bind(self.config.admin.listen, listener)?;
        let socket = ControlSocket::bind(&self.config.data, self.roles[0])?;
        let (trigger, shutdown) = shutdown::channel();
        let school = self
            .has_web()
            .then(|| School::new(self, &telling, shutdown.clone()));
        let bound = self.bind(school.as_ref().map(School::service), handed, &mut telling)?;
        self.sandbox
            .around_calls(&self.roles, &self.config, &telling.facts);
        let welcome = Welcome::new(self, &bound, &private);
        welcome.state(&telling.facts);
        let keeper = self.keeper(&mut telling);
        let mut tasks = Tasks::new(trigger.clone(), shutdown.clone());
        self.watch(&mut tasks)?;
        tasks.at_rest(store::sqlite::rest);
        let (control, renewal) = (bound.control(), bound.renewal());
        let edge = control.clone();
        let estate = self.estate(private, telling, &trigger)?;
        let mut opening = pin!(opened(school.as_ref()));
        let soon = school::soon(opening.as_mut(), predecessor.is_some()).await?;
        bound.run(&mut tasks)?;
        if let Some(keeper) = keeper {
            tasks.spawn("backups", |shutdown| keeper.run(shutdown))?;
        }
        let socket = socket.publish()?;
        process.ready();
        spawn_local(tell_of_drain(process, shutdown.clone()));
        let reloader = Rc::new(self.reloader(control.clone()));
        let office = Office {
            edge: control.clone(),
            renewal,
            reloader: Rc::clone(&reloader),
            estate,
        };
        spawn_local(office.run(socket));
        spawn_local(hangup.obey(reloader));
        if let Some(predecessor) = predecessor {
            predecessor.relieve(control)?;
        }
        let made = soon_or_later(soon, opening, &welcome);
        let bans = bans::held(self, &edge);
        let served = served(school.as_ref(), &welcome, made, bans);
        let delay = self.config.drain.delay.duration();
        let impatience = Impatience::default();
        let watch = signals.watch(trigger.clone(), shutdown, delay, &impatience);
        ended(tasks, watch, failure(served, &trigger), &impatience).await
    }

    fn has_web(&self) -> bool {
        self.roles.contains(&RoleName::Web)
    }

    /// Who makes backups of the records; they are `web`'s.
    fn keeper(&self, telling: &mut Telling) -> Option<Keeper> {
        if !self.has_web() {
            return None;
        }
        let facts = telling.facts.clone();
        Some(Keeper::new(
            &self.config,
            (&self.roles, Arc::clone(&self.opened)),
            facts,
            &mut telling.registry,
        ))
    }

    /// Serves the private listener, and keeps at hand what another process may take over.
    fn estate(&self, private: Private, telling: Telling, trigger: &Trigger) -> Result<Estate> {
        Ok(Estate {
            private: private.listener(),
            serves_private: spawn_local(private.run(telling)).abort_handle(),
            locks: self.data.locks().context("can't keep the locks at hand")?,
            schema: self.has_web().then(newest_schema),
            trigger: trigger.clone(),
            patience: self.config.drain.takeover.duration(),
            is_given: Cell::new(false),
        })
    }

    fn reloader(&self, edge: Control) -> Reloader {
        Reloader::new(
            &self.global,
            &self.options,
            &self.roles,
            &self.config,
            self.sandbox.clone(),
            edge,
        )
    }

    /// Has the threads that answer requests, and this one, watched.
    fn watch(&self, tasks: &mut Tasks) -> Result<()> {
        let patience = self.config.watchdog.duration();
        if patience.is_zero() {
            return Ok(());
        }
        let watchdog = Watchdog::start(patience).context("can't start the watchdog")?;
        spawn_local(watchdog.turning("main"));
        tasks.watch(watchdog);
        Ok(())
    }

    fn bind(
        &self,
        local: Option<LocalService>,
        handed: Option<Handed>,
        telling: &mut Telling,
    ) -> Result<BoundRoles> {
        measure_process(&mut telling.registry);
        BoundRoles::bind(&self.roles, &self.config, local, handed, telling)
    }
}

/// What the first start of `web` made, once its stores are there; nothing without the role.
async fn opened(school: Option<&School<'_>>) -> Result<Option<Made>> {
    match school {
        Some(school) => school.open().await.map(Some),
        None => Ok(None),
    }
}

/// What the opening gave, or gives after a wait of which is told.
async fn soon_or_later<T>(
    soon: Option<T>,
    opening: impl Future<Output = Result<T>>,
    welcome: &Welcome,
) -> Result<T> {
    if let Some(opened) = soon {
        return Ok(opened);
    }
    welcome.announce();
    opening.await
}

/// Welcomes people once the school is open, and watches its stores and holds its bans in force from then on.
async fn served(
    school: Option<&School<'_>>,
    welcome: &Welcome,
    made: impl Future<Output = Result<Option<Made>>>,
    bans: impl Future<Output = Infallible>,
) -> Result<Infallible> {
    let made = made.await?;
    welcome.print(made.as_ref());
    let watched = async {
        match school {
            Some(school) => school.run().await,
            None => pending().await,
        }
    };
    tokio::select! {
        outcome = watched => outcome,
        never = bans => match never {},
    }
}

/// Why the school can't be served at all; then every other part ends as well.
async fn failure(served: impl Future<Output = Result<Infallible>>, trigger: &Trigger) -> Error {
    let Err(error) = served.await;
    trigger.end();
    error
}

fn measure_process(registry: &mut Registry) {
    let build = Info::new([("version", VERSION)]);
    registry.register("pendopo_build", "The version that runs", build);
    let process = ProcessMetrics::since(Clock::System.now());
    registry.register_collector(Box::new(process));
}

/// A process that drains is not ready, so that whoever balances load turns away from it.
async fn tell_of_drain(process: Part, mut shutdown: Shutdown) {
    shutdown.leaving().await;
    process.waiting("draining");
    shutdown.ending().await;
}

/// Waits for every thread, and for whoever loses patience with them.
async fn ended(
    tasks: Tasks,
    watch: impl Future<Output = ()>,
    failure: impl Future<Output = Error>,
    impatience: &Impatience,
) -> Result<ExitCode> {
    let (tell, mut told) = oneshot::channel::<Result<(), TaskError>>();
    let join = move || {
        // Nobody listens any more when the process was abandoned.
        let _ = tell.send(tasks.join());
    };
    let joiner = thread::Builder::new()
        .name("join".to_owned())
        .spawn(join)
        .context("can't start a thread")?;
    tokio::select! {
        outcome = &mut told => outcome.context("the thread that waits for the others is gone")??,
        () = watch => process::abandon(),
        error = failure => {
            // The first failure tells more than what it brought about.
            let _ = told.await;
            return Err(error);
        }
    }
    joiner
        .join()
        .map_err(|_| anyhow!("the thread that waits for the others panicked"))?;
    Ok(ExitCode::from(u8::from(impatience.is_shown())))
}
