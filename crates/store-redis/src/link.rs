//! A connection that is made when it is needed, and made anew after it broke, with pauses that grow while nobody answers.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lifecycle::Rest;
use school::StoreError;

use crate::connection::{CONNECT_WITHIN, Connection, Server};
use crate::failure;

/// The connection, or what kept it from being made.
pub(crate) struct Link {
    server: Arc<Server>,
    state: Mutex<State>,
    /// One connects; the others wait for the outcome.
    turn: tokio::sync::Mutex<()>,
}

/// A connection, and which one: a later one has a higher number.
#[derive(Clone)]
pub(crate) struct Linked {
    pub(crate) connection: Connection,
    number: u64,
}

#[derive(Default)]
struct State {
    linked: Option<Linked>,
    made: u64,
    rest: Rest,
}

impl Link {
    pub(crate) fn new(server: Arc<Server>) -> Self {
        Self {
            server,
            state: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// The connection as it is, or a new one; at once while a rest lasts.
    pub(crate) async fn connection(&self) -> Result<Linked, StoreError> {
        if let Some(linked) = self.kept() {
            return Ok(linked);
        }
        let _turn = self.turn.lock().await;
        self.connect().await
    }

    /// The connection as it is. If there is none, it is being made, and whoever asks later may find it.
    pub(crate) fn connection_at_once(self: &Arc<Self>) -> Result<Linked, StoreError> {
        if let Some(linked) = self.kept() {
            return Ok(linked);
        }
        self.must_not_rest()?;
        let link = Arc::clone(self);
        tokio::spawn(async move {
            if let Ok(_turn) = link.turn.try_lock() {
                // Why it can't be made is told to those who ask while it rests.
                let _ = link.connect().await;
            }
        });
        Err(StoreError::Unavailable("it is being connected to".into()))
    }

    /// Only for who has the turn.
    async fn connect(&self) -> Result<Linked, StoreError> {
        if let Some(linked) = self.kept() {
            return Ok(linked);
        }
        self.must_not_rest()?;
        // Boxed: few requests connect, and none shall carry the size of it.
        let connecting = Box::pin(self.server.connect());
        let made = match tokio::time::timeout(CONNECT_WITHIN, connecting).await {
            Ok(made) => made.map_err(|error| failure::told(&error)),
            Err(_) => Err(format!("it does not answer within {CONNECT_WITHIN:?}")),
        };
        let mut state = self.lock();
        match made {
            Ok(connection) => {
                let number = state.made + 1;
                let linked = Linked { connection, number };
                *state = State {
                    linked: Some(linked.clone()),
                    made: number,
                    ..State::default()
                };
                Ok(linked)
            }
            Err(told) => {
                state.rest.lengthen(told.clone());
                Err(StoreError::Unavailable(told.into()))
            }
        }
    }

    /// This connection is no good any more; whoever comes next gets another.
    pub(crate) fn forget(&self, broken: &Linked) {
        let mut state = self.lock();
        if state
            .linked
            .as_ref()
            .is_some_and(|kept| kept.number == broken.number)
        {
            state.linked = None;
        }
    }

    /// As `forget`, and nobody tries again for this long.
    pub(crate) fn rest(&self, broken: &Linked, pause: Duration, told: &str) {
        self.forget(broken);
        self.lock().rest.begin(pause, told.to_owned());
    }

    fn kept(&self) -> Option<Linked> {
        self.lock().linked.clone()
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

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Link")
            .field("server", &self.server.address)
            .field("is_connected", &state.linked.is_some())
            .field("rest", &state.rest)
            .finish_non_exhaustive()
    }
}
