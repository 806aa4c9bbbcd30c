//! What every request shares: the school's stores, the clock, the keys, the limits.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Instant;

use lifecycle::{Facts, Readiness, Shutdown};
use school::cursor::CursorKey;
use school::password::Hasher;
use school::{Clock, Stores};

use crate::config::Config;
use crate::health::Health;
use crate::language::Language;
use crate::limits::Limits;

/// Everything the role needs from outside.
#[derive(Clone)]
pub struct App {
    /// The school's ports.
    pub stores: Stores,
    /// The threads that hash passwords.
    pub hasher: Hasher,
    /// Where the present time comes from.
    pub clock: Clock,
    /// Signs the cursors of lists; the same on every replica.
    pub cursor_key: CursorKey,
    /// What the parts of the process say of themselves, for the status page.
    pub facts: Facts,
    /// Which parts can serve, for the status page.
    pub readiness: Readiness,
    /// Whether whoever balances load shall turn away.
    pub shutdown: Shutdown,
    /// The section `[web]`.
    pub config: Config,
    /// The language of pages when the browser states none.
    pub language: Language,
    /// Whether anybody may do anything on the API; only ever true when every listener is on loopback.
    pub open_api: bool,
    /// Whether what is read may come from copies that lag a moment behind; then readers are told apart.
    pub copies_lag: bool,
    /// The version of the product, as `--version` prints it.
    pub version: &'static str,
}

/// The app with what it keeps between requests; cheap to clone.
#[derive(Clone)]
pub(crate) struct AppState(Arc<Shared>);

struct Shared {
    app: App,
    limits: Limits,
    health: Health,
    started: Instant,
}

impl AppState {
    pub(crate) fn new(app: App) -> Self {
        let limits = Limits::new(&app.config.limit);
        Self(Arc::new(Shared {
            app,
            limits,
            health: Health::default(),
            started: Instant::now(),
        }))
    }

    /// Who may send how much.
    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// The last known health of the stores.
    pub(crate) fn health(&self) -> &Health {
        &self.0.health
    }

    /// Milliseconds of a clock that never jumps, for limits.
    pub(crate) fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.0.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Deref for AppState {
    type Target = App;

    fn deref(&self) -> &App {
        &self.0.app
    }
}
