//! The role `web` of this process: let in when its stores are there, and watched from then on.

use std::cell::RefCell;
use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use edge::LocalService;
use lifecycle::{Facts, Readiness, Shutdown};
use school::Clock;
use school::cursor::CursorKey;
use school::password::Hasher;
use store::Turn;
use tokio::time::timeout;

use super::{Server, VERSION};
use crate::bootstrap::{Bootstrap, Made};
use crate::entrance::Entrance;
use crate::roles::{self, Telling};
use crate::stores::{self, Opened, Parts, when_there};

/// Stores that are there within this time spare the first clients a refusal.
const AT_ONCE: Duration = Duration::from_millis(500);
/// Who takes over from a server that serves has this long; then that one goes on.
const IN_A_TAKEOVER: Duration = Duration::from_secs(10);
/// More threads would only take memory: 19 MiB each.
const MOST_HASHERS: usize = 4;
/// Said with whatever kept the first start from its end.
const UNFINISHED: &str = "the first start could not be finished";

/// The role, and what it tells.
pub(super) struct School<'a> {
    server: &'a Server,
    entrance: Entrance,
    parts: Parts,
    readiness: Readiness,
    facts: Facts,
    shutdown: Shutdown,
    /// Held until the start is over.
    turn: RefCell<Option<Turn>>,
}

impl<'a> School<'a> {
    pub(super) fn new(server: &'a Server, telling: &Telling, shutdown: Shutdown) -> Self {
        stores::warn_of(&server.config.store);
        Self {
            server,
            entrance: Entrance::closed(web::away(server.config.language)),
            parts: Parts::register(&telling.readiness, &server.config.store),
            readiness: telling.readiness.clone(),
            facts: telling.facts.clone(),
            shutdown,
            turn: RefCell::default(),
        }
    }

    /// Whom the edge calls, also while the stores are waited for.
    pub(super) fn service(&self) -> LocalService {
        self.entrance.service()
    }

    /// Waits for the stores, makes what a first start makes, and lets requests in.
    pub(super) async fn open(&self) -> Result<Made> {
        let opened = stores::open_when_there(&self.server.config.store, &self.parts).await?;
        let opened = self.server.opened.get_or_init(|| opened);
        let (key, made) = when_there(self.parts.records(), async || {
            // Of servers that start together one makes what the first start makes, and the others find it made.
            // One that is held from an attempt before would be waited for.
            self.turn.take();
            self.turn.replace(Some(opened.records.turn().await?));
            let key = stores::cursor_key(&opened.stores).await?;
            let made = self.bootstrap(opened).run().await.context(UNFINISHED)?;
            Ok((key, made))
        })
        .await?;
        let app = self.app(opened, key)?;
        self.entrance.open(web::service(app));
        Ok(made)
    }

    /// Remembers that the start is over, and watches the stores; never ends well.
    pub(super) async fn run(&self) -> Result<Infallible> {
        let opened = self.server.opened.get().context("the stores are open")?;
        let finish = async || Ok(self.bootstrap(opened).finish().await?);
        when_there(self.parts.records(), finish).await?;
        self.turn.take();
        opened.watch(&self.parts, &self.facts).await;
        bail!("nobody watches the stores any more")
    }

    fn bootstrap<'b>(&self, opened: &'b Opened) -> Bootstrap<'b> {
        Bootstrap {
            stores: &opened.stores,
            clock: &Clock::System,
            is_shared: self.server.config.store.records.file().is_none(),
            token_file: self.server.data.admin_token(),
            password: self.server.config.admin.password.clone(),
        }
    }

    fn app(&self, opened: &Opened, cursor_key: CursorKey) -> Result<web::App> {
        let hasher =
            Hasher::start(hashers()).context("can't start the threads that hash passwords")?;
        Ok(web::App {
            stores: opened.stores.clone(),
            hasher,
            clock: Clock::System,
            cursor_key,
            facts: self.facts.clone(),
            readiness: self.readiness.clone(),
            shutdown: self.shutdown.clone(),
            config: self.server.config.web.clone(),
            language: self.server.config.language,
            open_api: self.server.options.open_api,
            copies_lag: !self.server.config.store.records_read.is_empty(),
            version: VERSION,
        })
    }
}

fn hashers() -> usize {
    (roles::worker_threads() / 2).clamp(1, MOST_HASHERS)
}

/// What the opening gives if it ends soon; in a takeover it must.
pub(super) async fn soon<T>(
    opening: Pin<&mut impl Future<Output = Result<T>>>,
    is_takeover: bool,
) -> Result<Option<T>> {
    let patience = if is_takeover { IN_A_TAKEOVER } else { AT_ONCE };
    match timeout(patience, opening).await {
        Ok(opened) => opened.map(Some),
        Err(_) if is_takeover => {
            bail!("the stores can't be reached, so nothing is taken over: the log says why")
        }
        Err(_) => Ok(None),
    }
}
