//! Long reads, such as searches: on connections of their own, in a bounded queue, each with a deadline.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use school::StoreError;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::connect::Server;
use super::connection::Sent;
use super::failure::{is_of_connection, store_error};
use super::link::Link;
use crate::engine::Query;
use crate::value::Row;

/// How many run at a time.
const LINKS: usize = 2;
/// More searches than this don't wait: the last would be too late anyhow.
const PLACES: usize = 32;
/// The server ends what takes too long; only one that is silent is given up by us, so much later.
const GRACE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Scanner {
    /// Those that nobody uses now.
    links: Mutex<Vec<Link>>,
    free: Semaphore,
    places: Semaphore,
    within: Duration,
}

/// A connection of one's own; it goes back when this is dropped.
struct Lent<'a> {
    scanner: &'a Scanner,
    link: Option<Link>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(link) = self.link.take() {
            let mut links = self
                .scanner
                .links
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            links.push(link);
        }
    }
}

impl Scanner {
    pub(super) fn new(server: &Arc<Server>, within: Duration) -> Self {
        let link = |_| Link::new(server.clone());
        Self {
            links: Mutex::new((0..LINKS).map(link).collect()),
            free: Semaphore::new(LINKS),
            places: Semaphore::new(PLACES),
            within,
        }
    }

    pub(super) async fn scan(&self, query: &Query) -> Result<Vec<Row>, StoreError> {
        let until = Instant::now() + self.within;
        let _place = self
            .places
            .try_acquire()
            .map_err(|_| StoreError::Unavailable("too many searches are waiting".into()))?;
        let Ok(_permit) = timeout(self.within, self.free.acquire()).await else {
            return Err(StoreError::TooSlow);
        };
        let lent = self.lend();
        let Some(link) = &lent.link else {
            return Err(StoreError::Unavailable("no connection is free".into()));
        };
        let left = until.saturating_duration_since(Instant::now());
        match timeout(left + GRACE, scan_on(link, query, left)).await {
            Ok(found) => found,
            Err(_) => Err(StoreError::TooSlow),
        }
    }

    fn lend(&self) -> Lent<'_> {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        Lent {
            scanner: self,
            link: links.pop(),
        }
    }
}

/// In a transaction, so that the deadline is this search's alone, whoever is given the connection after it.
async fn scan_on(link: &Link, query: &Query, left: Duration) -> Result<Vec<Row>, StoreError> {
    let connection = link.connection().await?;
    let begin = format!(
        "BEGIN READ ONLY; SET LOCAL statement_timeout = {}",
        left.as_millis().max(1)
    );
    let found = async {
        connection.prepare(query.sql).await?;
        let begun = Sent::send(connection.execute(&begin)).await;
        let found = Sent::send(connection.run(query.sql, &query.params)).await;
        let ended = Sent::send(connection.execute("COMMIT")).await;
        begun.answer().await?;
        let found = found.answer().await;
        ended.answer().await?;
        found
    };
    // A connection on which an answer is still to come is not used again, should the caller go away meanwhile.
    let guard = Forget(Some((link, connection.clone())));
    let found = found.await;
    if !found.as_ref().is_err_and(is_of_connection) {
        guard.keep();
    }
    found
        .map(|(_, rows)| rows)
        .map_err(|error| store_error(&error))
}

/// Gives the connection up unless told otherwise.
struct Forget<'a>(Option<(&'a Link, Arc<super::connection::Connection>)>);

impl Forget<'_> {
    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        if let Some((link, connection)) = self.0.take() {
            link.forget(&connection);
        }
    }
}
