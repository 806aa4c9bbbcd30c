//! A server as its ports ask it: over a few connections that all share, and again where a connection broke.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lifecycle::Password;
use redis::{Cmd, FromRedisValue, RedisResult, ScriptInvocation};
use school::StoreError;

use crate::address::Address;
use crate::connection::{Connection, Server};
use crate::failure::{self, Blame};
use crate::link::Link;

/// A thread of its own has one to itself; more threads than this share.
const LINKS: usize = 4;

thread_local! {
    /// Which connection this thread asks: what one thread asks is answered on that same thread.
    static PLACE: usize = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed)
    };
}

/// The links to one server.
pub(crate) struct Shared {
    pub(crate) server: Arc<Server>,
    links: Vec<Arc<Link>>,
}

impl Shared {
    pub(crate) fn new(address: Address, password: Password) -> Self {
        let server = Arc::new(Server { address, password });
        let link = |_| Arc::new(Link::new(server.clone()));
        Self {
            links: (0..LINKS).map(link).collect(),
            server,
        }
    }

    /// This thread's link.
    pub(crate) fn link(&self) -> &Arc<Link> {
        let place = PLACE.try_with(|place| *place).unwrap_or_default();
        &self.links[place % self.links.len()]
    }

    /// Runs a command that may be run twice, as one that only reads.
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        self.insist(&Asked::Command(command)).await
    }

    /// Runs a script that may be run twice: each knows by a ticket what it has done.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, StoreError> {
        self.insist(&Asked::Script(script)).await
    }

    /// Does it, and once again if the connection broke meanwhile.
    async fn insist<T: FromRedisValue>(&self, asked: &Asked<'_>) -> Result<T, StoreError> {
        let link = self.link();
        let mut is_second = false;
        loop {
            let mut linked = link.connection().await?;
            let error = match asked.of(&mut linked.connection).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let blame = failure::blame(&error);
            if blame != Blame::Answer {
                link.forget(&linked);
            }
            if blame != Blame::Connection || is_second {
                return Err(failure::store_error(&error));
            }
            is_second = true;
        }
    }
}

/// What a server is asked.
enum Asked<'a> {
    Command(&'a Cmd),
    Script(&'a ScriptInvocation<'a>),
}

impl Asked<'_> {
    async fn of<T: FromRedisValue>(&self, connection: &mut Connection) -> RedisResult<T> {
        match self {
            Self::Command(command) => command.query_async(connection).await,
            Self::Script(script) => script.invoke_async(connection).await,
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("server", &self.server.address)
            .finish_non_exhaustive()
    }
}
