//! A connection that is made when it is needed, and made anew after it broke, with pauses that grow while nobody answers.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lifecycle::Rest;
use school::StoreError;

use super::connect::{Cause, Server};
use super::connection::{Connection, Found};
use super::failure::cause;

/// A statement is planned once, and not for each page anew by how long that is: planning takes as long as reading one.
/// What was planned for an empty table must be good for a full one, so no plan reads a table from end to end: with the
/// trail's newest entry looked for that way, each group took longer than the one before until the server knew better.
const PLAN_ONCE: &str = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off";

/// The connection, or what kept it from being made.
#[derive(Debug)]
pub(super) struct Link {
    server: Arc<Server>,
    plans_once: bool,
    state: Mutex<State>,
    /// One connects; the others wait for the outcome.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    connection: Option<Arc<Connection>>,
    rest: Rest,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("is_connected", &self.connection.is_some())
            .field("rest", &self.rest)
            .finish()
    }
}

impl Link {
    pub(super) fn new(server: Arc<Server>) -> Self {
        Self {
            server,
            plans_once: false,
            state: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// For statements of which one plan is good for all parameters: they find their rows by an index.
    pub(super) fn for_indexed(server: Arc<Server>) -> Self {
        Self {
            plans_once: true,
            ..Self::new(server)
        }
    }

    /// The connection as it is, or a new one; at once while a rest lasts.
    pub(super) async fn connection(&self) -> Result<Arc<Connection>, StoreError> {
        if let Some(connection) = self.kept() {
            return Ok(connection);
        }
        let _turn = self.turn.lock().await;
        if let Some(connection) = self.kept() {
            return Ok(connection);
        }
        self.must_not_rest()?;
        let made = self.connect().await;
        let mut state = self.lock();
        match made {
            Ok(connection) => {
                let connection = Arc::new(connection);
                *state = State {
                    connection: Some(connection.clone()),
                    ..State::default()
                };
                Ok(connection)
            }
            Err(error) => {
                state.rest.lengthen(error.to_string());
                Err(StoreError::Unavailable(error))
            }
        }
    }

    async fn connect(&self) -> Result<Connection, Cause> {
        let connection = self.server.connect().await?;
        // What is prepared on it stays there, and so do its settings.
        if self.plans_once && connection.server.is_direct {
            let set = connection.execute(PLAN_ONCE).await;
            set.map_err(|error| cause(&error))?;
        }
        Ok(connection)
    }

    /// This connection is no good any more; whoever comes next gets another.
    pub(super) fn forget(&self, broken: &Arc<Connection>) {
        let mut state = self.lock();
        if state
            .connection
            .as_ref()
            .is_some_and(|kept| Arc::ptr_eq(kept, broken))
        {
            state.connection = None;
        }
    }

    /// What the server told of itself, if a connection stands.
    pub(super) fn found(&self) -> Option<Found> {
        self.kept().map(|connection| connection.server.clone())
    }

    fn kept(&self) -> Option<Arc<Connection>> {
        let state = self.lock();
        let kept = state.connection.as_ref();
        kept.filter(|connection| !connection.is_closed()).cloned()
    }

    fn must_not_rest(&self) -> Result<(), StoreError> {
        match self.lock().rest.reason() {
            Some(told) => Err(StoreError::Unavailable(told.into())),
            None => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
