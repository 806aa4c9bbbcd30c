//! A connection together with the statements that were prepared on it, for those who ask the same again and again.

use rusqlite::{Connection, PrepFlags, Result, Statement};
use self_cell::self_cell;

use super::connection;
use crate::value::{Row, Value};

self_cell! {
    /// Looking statements up in the connection's own cache, and putting them back, took a seventh of a short read.
    pub(super) struct Prepared {
        owner: Connection,

        #[covariant]
        dependent: Statements,
    }
}

/// Every text is a constant of this crate, which bounds their number.
type Statements<'a> = Vec<(&'static str, Statement<'a>)>;

impl Prepared {
    pub(super) fn over(connection: Connection) -> Self {
        Self::new(connection, |_| Vec::new())
    }

    /// The rows that the statement gives, `most` of them at most.
    pub(super) fn rows(
        &mut self,
        sql: &'static str,
        params: &[Value],
        most: usize,
    ) -> Result<Vec<Row>> {
        self.with_dependent_mut(|connection, statements| {
            let known = statements.iter().position(|(known, _)| *known == sql);
            let place = if let Some(place) = known {
                place
            } else {
                let flags = PrepFlags::SQLITE_PREPARE_PERSISTENT;
                statements.push((sql, connection.prepare_with_flags(sql, flags)?));
                statements.len() - 1
            };
            let statement = &mut statements[place].1;
            connection::bind(statement, params, None)?;
            connection::rows(statement, most)
        })
    }
}
