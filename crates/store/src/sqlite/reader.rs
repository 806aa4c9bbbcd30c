//! Short reads, on the thread that asks: an indexed read takes microseconds, and a hop to another thread ten times that.
//!
//! A thread that says when it rests shares one view of the database, which is a read transaction, among what it reads
//! between two rests: beginning and ending one costs as much as the read itself, two locks of the kernel's among it.
//! What this process commits ends the view, so that whoever was answered reads what they wrote.

use std::cell::RefCell;
use std::sync::atomic::Ordering::Acquire;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use school::StoreError;

use super::failure::store_error;
use super::prepared::Prepared;
use super::{File, connection};
use crate::engine::Query;
use crate::value::Row;

/// What another process wrote is seen after so long at the latest, also by a thread that never rests.
const VIEWED: Duration = Duration::from_millis(10);

thread_local! {
    static READING: RefCell<Reading> = const { RefCell::new(Reading { rests: false, open: Vec::new() }) };
}

/// One thread's connections.
struct Reading {
    /// Whether the thread says when it rests; if not, each read is a transaction of its own.
    rests: bool,
    /// One a store; they close when the thread ends, or once their store is gone.
    open: Vec<Open>,
}

struct Open {
    file: Weak<File>,
    prepared: Prepared,
    view: Option<View>,
}

/// A read transaction that is under way.
struct View {
    /// How many groups this process had committed when it began.
    commits: u64,
    began: Instant,
}

/// The calling thread rests: it lets go of what it was looking at. Threads that call this each time share a view among
/// their reads in between.
pub(super) fn rest() {
    // A thread that is ending has no connections any more.
    let _ = READING.try_with(|reading| {
        let mut reading = reading.borrow_mut();
        reading.rests = true;
        reading.open.retain_mut(|open| open.let_go().is_ok());
    });
}

#[derive(Debug)]
pub(super) struct Reader {
    file: Arc<File>,
}

impl Reader {
    pub(super) fn new(file: Arc<File>) -> Self {
        Self { file }
    }

    pub(super) fn read(&self, query: &Query) -> Result<Vec<Row>, StoreError> {
        READING
            .try_with(|reading| self.read_on(&mut reading.borrow_mut(), query))
            .unwrap_or_else(|_| Err(StoreError::Unavailable("the thread is ending".into())))
    }

    fn read_on(&self, reading: &mut Reading, query: &Query) -> Result<Vec<Row>, StoreError> {
        let ours = Arc::as_ptr(&self.file);
        let is_ours = |open: &Open| std::ptr::eq(open.file.as_ptr(), ours);
        let index = match reading.open.iter().position(is_ours) {
            Some(index) => index,
            None => self.connect(&mut reading.open)?,
        };
        let open = &mut reading.open[index];
        let viewed = if reading.rests {
            open.look(&self.file)
        } else {
            Ok(())
        };
        let most = if query.is_one { 1 } else { usize::MAX };
        let found = viewed.and_then(|()| open.prepared.rows(query.sql, &query.params, most));
        found.map_err(|error| {
            // A fresh connection may do better, as after the file was replaced.
            reading.open.swap_remove(index);
            store_error(&self.file.path, error)
        })
    }

    fn connect(&self, open: &mut Vec<Open>) -> Result<usize, StoreError> {
        open.retain(|open| open.file.strong_count() > 0);
        let connection = connection::reader(&self.file.path)
            .map_err(|error| store_error(&self.file.path, error))?;
        open.push(Open {
            file: Arc::downgrade(&self.file),
            prepared: Prepared::over(connection),
            view: None,
        });
        Ok(open.len() - 1)
    }
}

impl Open {
    /// Has a view that nothing was committed after; another process may have, but not long ago.
    fn look(&mut self, file: &File) -> rusqlite::Result<()> {
        let (commits, now) = (file.commits.load(Acquire), Instant::now());
        let is_fresh =
            |view: &View| view.commits == commits && now.duration_since(view.began) < VIEWED;
        if self.view.as_ref().is_some_and(is_fresh) {
            return Ok(());
        }
        self.let_go()?;
        // What is seen is decided by the first read in it.
        self.prepared.rows("BEGIN", &[], 1)?;
        self.view = Some(View {
            commits,
            began: now,
        });
        Ok(())
    }

    fn let_go(&mut self) -> rusqlite::Result<()> {
        if self.view.take().is_some() {
            self.prepared.rows("COMMIT", &[], 1)?;
        }
        Ok(())
    }
}
