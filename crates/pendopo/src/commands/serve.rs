//! `pendopo serve`: opens the stores, binds every role, runs them until a signal comes or one ends.

mod open_api;
mod welcome;

use std::cell::Cell;
use std::process::ExitCode;
use std::rc::Rc;
use std::thread;

use anyhow::{Context, Result, anyhow};
use edge::{Control, Handed};
use lifecycle::tasks::TaskError;
use lifecycle::{Part, Shutdown, Tasks, Trigger, shutdown};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use school::Clock;
use school::password::Hasher;
use store::Opened;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::{LocalSet, spawn_local};

use crate::backups::Keeper;
use crate::bootstrap::Bootstrap;
use crate::cli::{Global, RoleName, ServeOptions};
use crate::config::{self, Config};
use crate::control::{ControlSocket, Estate, Inheritance, Office, Predecessor, Wanted};
use crate::data_dir::DataDir;
use crate::private::{Private, ProcessMetrics};
use crate::process::{self, Impatience, Signals};
use crate::records::{self, Watch};
use crate::reload::{Hangup, Reloader};
use crate::roles::{self, BoundRoles, Telling};
use crate::telemetry;
use welcome::Welcome;

/// The version that `--version`, the status page and the metrics show.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// More threads would only take memory: 19 MiB each.
const MOST_HASHERS: usize = 4;
/// Said with whatever kept the first start from its end.
const UNFINISHED: &str = "the first start could not be finished";

/// Runs the server to its end.
pub(super) fn run(global: &Global, options: &ServeOptions) -> Result<ExitCode> {
    let config = config::load(global, &options.domain)?.config;
    telemetry::start(&config.log);
    let roles = roles::chosen(&options.role, &config)?;
    if options.open_api {
        open_api::must_be_private(&config, &roles)?;
    }
    let (predecessor, mut inheritance) = if options.takeover {
        relieved(&config, &roles)?.unzip()
    } else {
        (None, None)
    };
    let data = match &mut inheritance {
        Some(inheritance) => DataDir::inherit(&config.data, std::mem::take(&mut inheritance.locks)),
        None => DataDir::open(&config.data, &roles)?,
    };
    if predecessor.is_none() {
        roles::probe(&roles, &config)?;
    }
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .context("can't start the main thread's runtime")?;
    records::must_be_whole(&config.data)?;
    // An edge by itself has no records.
    let opened = if roles.contains(&RoleName::Web) {
        Some(records::open(&config.store)?)
    } else {
        None
    };
    let server = Server {
        config,
        roles,
        data,
        global: global.clone(),
        options: options.clone(),
        opened: opened.clone(),
    };
    let serving = server.serve(predecessor, inheritance);
    let outcome = LocalSet::new().block_on(&runtime, serving);
    drop(runtime);
    if let Some(opened) = opened {
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
    global: Global,
    options: ServeOptions,
    /// Absent without the role `web`.
    opened: Option<Opened>,
}

impl Server {
    async fn serve(
        self,
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
        let bound = self.bind(handed, &mut telling).await?;
        let welcome = Welcome::new(&self, &bound, &private);
        welcome.state(&telling.facts);
        let bootstrap = self.opened.as_ref().map(|opened| self.bootstrap(opened));
        let made = match &bootstrap {
            Some(bootstrap) => Some(bootstrap.run().await.context(UNFINISHED)?),
            None => None,
        };
        let keeper = self
            .opened
            .as_ref()
            .map(|_| Keeper::new(&self.config, telling.facts.clone(), &mut telling.registry));
        let (trigger, shutdown) = shutdown::channel();
        let mut tasks = Tasks::new(trigger.clone(), shutdown.clone());
        let (control, renewal) = (bound.control(), bound.renewal());
        bound.run(&mut tasks)?;
        let socket = socket.publish()?;
        process.ready();
        welcome.print(made.as_ref());
        if let (Some(bootstrap), Some(opened)) = (&bootstrap, self.opened.clone()) {
            bootstrap.finish().await?;
            spawn_local(Watch::new(opened, &telling.readiness, &telling.facts).run());
        }
        if let Some(keeper) = keeper {
            tasks.spawn("backups", |shutdown| keeper.run(shutdown))?;
        }
        spawn_local(tell_of_drain(process, shutdown.clone()));
        let reloader = Rc::new(self.reloader(control.clone()));
        let office = Office {
            edge: control.clone(),
            renewal,
            reloader: Rc::clone(&reloader),
            estate: self.estate(private, telling, &trigger)?,
        };
        spawn_local(office.run(socket));
        spawn_local(hangup.obey(reloader));
        if let Some(predecessor) = predecessor {
            predecessor.relieve(control)?;
        }
        let delay = self.config.drain.delay.duration();
        let impatience = Impatience::default();
        ended(
            tasks,
            signals.watch(trigger, shutdown, delay, &impatience),
            &impatience,
        )
        .await
    }

    fn bootstrap<'a>(&self, opened: &'a Opened) -> Bootstrap<'a> {
        Bootstrap {
            stores: &opened.stores,
            clock: &Clock::System,
            token_file: self.data.admin_token(),
            password: self.config.admin.password.clone(),
        }
    }

    /// Serves the private listener, and keeps at hand what another process may take over.
    fn estate(&self, private: Private, telling: Telling, trigger: &Trigger) -> Result<Estate> {
        Ok(Estate {
            private: private.listener(),
            serves_private: spawn_local(private.run(telling)).abort_handle(),
            locks: self.data.locks().context("can't keep the locks at hand")?,
            schema: self.opened.as_ref().map(|opened| opened.status().schema),
            trigger: trigger.clone(),
            is_given: Cell::new(false),
        })
    }

    fn reloader(&self, edge: Control) -> Reloader {
        Reloader::new(&self.global, &self.options, &self.roles, &self.config, edge)
    }

    async fn app(&self, opened: &Opened, telling: &Telling) -> Result<web::App> {
        let hasher =
            Hasher::start(hashers()).context("can't start the threads that hash passwords")?;
        Ok(web::App {
            stores: opened.stores.clone(),
            hasher,
            clock: Clock::System,
            cursor_key: records::cursor_key(&opened.stores).await?,
            facts: telling.facts.clone(),
            readiness: telling.readiness.clone(),
            config: self.config.web.clone(),
            language: self.config.language,
            open_api: self.options.open_api,
            version: VERSION,
        })
    }

    async fn bind(&self, handed: Option<Handed>, telling: &mut Telling) -> Result<BoundRoles> {
        let router = match &self.opened {
            Some(opened) => Some(web::router(self.app(opened, telling).await?)),
            None => None,
        };
        measure_process(&mut telling.registry);
        BoundRoles::bind(&self.roles, &self.config, router, handed, telling)
    }
}

fn measure_process(registry: &mut Registry) {
    let build = Info::new([("version", VERSION)]);
    registry.register("pendopo_build", "The version that runs", build);
    let process = ProcessMetrics::since(Clock::System.now());
    registry.register_collector(Box::new(process));
}

fn hashers() -> usize {
    (roles::worker_threads() / 2).clamp(1, MOST_HASHERS)
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
    impatience: &Impatience,
) -> Result<ExitCode> {
    let (tell, told) = oneshot::channel::<Result<(), TaskError>>();
    let join = move || {
        // Nobody listens any more when the process was abandoned.
        let _ = tell.send(tasks.join());
    };
    let joiner = thread::Builder::new()
        .name("join".to_owned())
        .spawn(join)
        .context("can't start a thread")?;
    tokio::select! {
        outcome = told => outcome.context("the thread that waits for the others is gone")??,
        () = watch => process::abandon(),
    }
    joiner
        .join()
        .map_err(|_| anyhow!("the thread that waits for the others panicked"))?;
    Ok(ExitCode::from(u8::from(impatience.is_shown())))
}
