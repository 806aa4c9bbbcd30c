//! Short reads: over a few connections that all share, each asked without waiting for the answer to what was asked before.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use school::StoreError;
use tokio::time::timeout;

use super::connect::Server;
use super::connection::{Connection, Found};
use super::failure::{is_of_connection, store_error};
use super::link::Link;
use crate::engine::Query;
use crate::value::Row;

/// A thread of its own has one to itself; more threads than this share.
const LINKS: usize = 4;
/// A server that is silent for longer is taken to be away.
const WITHIN: Duration = Duration::from_secs(3);

thread_local! {
    /// Which connection this thread asks: what one thread asks is answered on that same thread.
    static PLACE: usize = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed)
    };
}

#[derive(Debug)]
pub(super) struct Reader {
    links: Vec<Link>,
}

impl Reader {
    pub(super) fn new(server: &Arc<Server>) -> Self {
        let link = |_| Link::for_indexed(server.clone());
        Self {
            links: (0..LINKS).map(link).collect(),
        }
    }

    /// Asks; and again if the connection broke meanwhile, since asking changes nothing.
    pub(super) async fn read(&self, query: &Query) -> Result<Vec<Row>, StoreError> {
        match self.ask(query).await {
            Err(Trouble::Broken(_)) => self.ask(query).await.map_err(Trouble::into_inner),
            answered => answered.map_err(Trouble::into_inner),
        }
    }

    async fn ask(&self, query: &Query) -> Result<Vec<Row>, Trouble> {
        let link = self.link();
        let connection = link.connection().await.map_err(Trouble::Answer)?;
        let answered = ask(&connection, query).await;
        if let Err(Trouble::Broken(_) | Trouble::Silent(_)) = &answered {
            link.forget(&connection);
        }
        answered
    }

    fn link(&self) -> &Link {
        let place = PLACE.try_with(|place| *place).unwrap_or_default();
        &self.links[place % self.links.len()]
    }

    /// What the server told of itself.
    pub(super) fn found(&self) -> Option<Found> {
        self.links.iter().find_map(Link::found)
    }
}

/// A failure, by what can be done about it.
enum Trouble {
    /// Another connection may do better.
    Broken(StoreError),
    /// Asking again would only wait again.
    Silent(StoreError),
    Answer(StoreError),
}

impl Trouble {
    fn into_inner(self) -> StoreError {
        match self {
            Self::Broken(error) | Self::Silent(error) | Self::Answer(error) => error,
        }
    }
}

async fn ask(connection: &Connection, query: &Query) -> Result<Vec<Row>, Trouble> {
    match timeout(WITHIN, connection.run(query.sql, &query.params)).await {
        Ok(Ok((_, rows))) => Ok(rows),
        Ok(Err(error)) if is_of_connection(&error) => Err(Trouble::Broken(store_error(&error))),
        Ok(Err(error)) => Err(Trouble::Answer(store_error(&error))),
        Err(_) => Err(Trouble::Silent(StoreError::Unavailable(
            "the database does not answer within 3 s".into(),
        ))),
    }
}
