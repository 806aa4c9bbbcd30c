//! Short reads, on the thread that asks: an indexed read takes microseconds, and a hop to another thread ten times that.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use rusqlite::Connection;
use school::StoreError;

use super::failure::store_error;
use super::{File, connection};
use crate::engine::Query;
use crate::value::Row;

thread_local! {
    /// This thread's connections, one a store; they close when the thread ends, or once their store is gone.
    static CONNECTIONS: RefCell<Vec<(Weak<File>, Connection)>> = const { RefCell::new(Vec::new()) };
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
        CONNECTIONS
            .try_with(|open| self.read_on(&mut open.borrow_mut(), query))
            .unwrap_or_else(|_| Err(StoreError::Unavailable("the thread is ending".into())))
    }

    fn read_on(
        &self,
        open: &mut Vec<(Weak<File>, Connection)>,
        query: &Query,
    ) -> Result<Vec<Row>, StoreError> {
        let is_ours = |(file, _): &(Weak<File>, Connection)| {
            std::ptr::eq(file.as_ptr(), Arc::as_ptr(&self.file))
        };
        let index = match open.iter().position(is_ours) {
            Some(index) => index,
            None => self.connect(open)?,
        };
        match connection::run(&open[index].1, query.sql, &query.params, None) {
            Ok((_, rows)) => Ok(rows),
            Err(error) => {
                // A fresh connection may do better, as after the file was replaced.
                open.swap_remove(index);
                Err(store_error(&self.file.path, error))
            }
        }
    }

    fn connect(&self, open: &mut Vec<(Weak<File>, Connection)>) -> Result<usize, StoreError> {
        open.retain(|(file, _)| file.strong_count() > 0);
        let connection = connection::reader(&self.file.path)
            .map_err(|error| store_error(&self.file.path, error))?;
        open.push((Arc::downgrade(&self.file), connection));
        Ok(open.len() - 1)
    }
}
