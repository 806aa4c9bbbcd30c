//! Long reads, such as searches: on a thread of their own, in a bounded queue, each with a deadline.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use school::StoreError;
use tokio::sync::oneshot;

use super::failure::store_error;
use super::queue::{Queue, Refused};
use super::{File, Options, connection};
use crate::engine::Query;
use crate::open_error::OpenError;
use crate::value::Row;

/// More searches than this don't wait: the last would be too late anyhow.
const PLACES: usize = 32;
/// How many steps of SQLite's machine go between two looks at the clock: about a tenth of a millisecond.
const STEPS: i32 = 2_000;

#[derive(Debug)]
pub(super) struct Scanner {
    queue: Arc<Queue<Job>>,
    within: Duration,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Job {
    query: Query,
    until: Instant,
    answer: oneshot::Sender<Result<Vec<Row>, StoreError>>,
}

impl Scanner {
    pub(super) fn start(file: Arc<File>, options: &Options) -> Result<Self, OpenError> {
        let queue = Arc::new(Queue::new(PLACES));
        let jobs = queue.clone();
        let thread = Builder::new()
            .name("store-search".to_owned())
            .spawn(move || scan_all(&file, &jobs))
            .map_err(OpenError::Thread)?;
        Ok(Self {
            queue,
            within: options.search_within,
            thread: Mutex::new(Some(thread)),
        })
    }

    pub(super) async fn scan(&self, query: Query) -> Result<Vec<Row>, StoreError> {
        let (answer, answered) = oneshot::channel();
        let until = Instant::now() + self.within;
        let job = Job {
            query,
            until,
            answer,
        };
        self.queue.try_push(job).map_err(|refused| match refused {
            Refused::Full => StoreError::Unavailable("too many searches are waiting".into()),
            Refused::Closed => StoreError::Unavailable("the database is closed".into()),
        })?;
        answered.await.unwrap_or_else(|_| {
            Err(StoreError::Unavailable(
                "the search ended without an answer".into(),
            ))
        })
    }

    pub(super) fn close(&self) {
        self.queue.close();
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take() {
            // A panic there has ended the search it was in, and is told by its hook.
            drop(thread.join());
        }
    }
}

fn scan_all(file: &File, jobs: &Queue<Job>) {
    let _end = jobs.until_thread_ends();
    // Opened at the first search: most servers start, and stay, without one.
    let mut kept = None;
    while let Some(job) = jobs.take(1).pop() {
        if job.answer.is_closed() {
            continue;
        }
        let found = scan(file, &mut kept, &job);
        // The one who asked may have gone.
        drop(job.answer.send(found));
    }
}

fn scan(file: &File, kept: &mut Option<Connection>, job: &Job) -> Result<Vec<Row>, StoreError> {
    if Instant::now() >= job.until {
        return Err(StoreError::TooSlow);
    }
    let fail = |error| store_error(&file.path, error);
    let mut connection = match kept.take() {
        Some(connection) => connection,
        None => connection::reader(&file.path).map_err(fail)?,
    };
    let until = job.until;
    connection
        .progress_handler(STEPS, Some(move || Instant::now() >= until))
        .map_err(fail)?;
    let found = connection::run(&connection, job.query.sql, &job.query.params, None);
    let found = found.map(|(_, rows)| rows).map_err(fail);
    if matches!(found, Ok(_) | Err(StoreError::TooSlow)) {
        *kept = Some(connection);
    }
    found
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use tempfile::NamedTempFile;
    use tokio::task::JoinSet;

    use super::*;
    use crate::value::values;

    const ENDLESS: &str =
        "WITH RECURSIVE n(i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n";

    fn scanner(file: &NamedTempFile) -> Scanner {
        let file = File {
            path: file.path().to_owned(),
            schema: 0,
            was_unclean: false,
            commits: AtomicU64::default(),
        };
        let options = Options {
            search_within: Duration::from_millis(200),
            ..Options::default()
        };
        Scanner::start(Arc::new(file), &options).unwrap()
    }

    async fn endless(scanner: Arc<Scanner>) -> Result<Vec<Row>, StoreError> {
        scanner.scan(Query::new(ENDLESS, values![1])).await
    }

    #[tokio::test]
    async fn a_search_without_an_end_is_ended_and_the_next_one_is_answered() {
        let file = NamedTempFile::new().unwrap();
        let scanner = Arc::new(scanner(&file));
        for _ in 0..2 {
            let slow = endless(scanner.clone()).await;
            assert!(matches!(slow, Err(StoreError::TooSlow)), "{slow:?}");
            let quick = scanner.scan(Query::new("SELECT 7", values![])).await;
            assert_eq!(quick.unwrap()[0].int().unwrap(), 7);
        }
    }

    #[tokio::test]
    async fn more_searches_than_there_are_places_are_refused() {
        let file = NamedTempFile::new().unwrap();
        let scanner = Arc::new(scanner(&file));
        let searches: JoinSet<_> = (0..2 * PLACES).map(|_| endless(scanner.clone())).collect();
        let answers = searches.join_all().await;
        let refused = answers.iter().filter(|answer| {
            matches!(answer, Err(StoreError::Unavailable(cause)) if cause.to_string().contains("too many searches"))
        });
        assert!((1..2 * PLACES).contains(&refused.count()));
        let slow = answers
            .iter()
            .filter(|answer| matches!(answer, Err(StoreError::TooSlow)));
        assert!(slow.count() >= PLACES);
    }
}
