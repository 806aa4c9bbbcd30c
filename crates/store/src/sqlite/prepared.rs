//! A connection together with the statements that were prepared on it, for those who ask the same again and again.

use rusqlite::{Connection, PrepFlags, Result, Statement};
use self_cell::self_cell;

use super::connection;
use crate::value::{Row, Value};

/// How an insert asks for the id of the row it made. SQLite would gather what is returned in a table of its own, made for
/// each insert, which costs more than the insert; but it also knows the id of the row that was made last.
const RETURNING_ID: &str = " RETURNING id";

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
        self.with(sql, |statement| {
            connection::bind(statement, params, None)?;
            connection::rows(statement, most)
        })
    }

    /// Runs a statement: how many rows it touched or returned, and those returned.
    pub(super) fn run(
        &mut self,
        sql: &'static str,
        params: &[Value],
        new_id: Option<i64>,
    ) -> Result<(u64, Vec<Row>)> {
        let (touched, mut rows) = self.with(sql, |statement| {
            connection::run_prepared(statement, params, new_id)
        })?;
        if touched == 1 && sql.ends_with(RETURNING_ID) {
            let id = self.connection().last_insert_rowid();
            rows.push(Row::new(vec![Value::Int(id)]));
        }
        Ok((touched, rows))
    }

    /// The connection itself, for what is asked once.
    pub(super) fn connection(&self) -> &Connection {
        self.borrow_owner()
    }

    fn with<T>(
        &mut self,
        sql: &'static str,
        act: impl FnOnce(&mut Statement<'_>) -> Result<T>,
    ) -> Result<T> {
        self.with_dependent_mut(|connection, statements| {
            let known = statements.iter().position(|(known, _)| *known == sql);
            let place = if let Some(place) = known {
                place
            } else {
                let flags = PrepFlags::SQLITE_PREPARE_PERSISTENT;
                let text = sql.strip_suffix(RETURNING_ID).unwrap_or(sql);
                statements.push((sql, connection.prepare_with_flags(text, flags)?));
                statements.len() - 1
            };
            act(&mut statements[place].1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_insert_gives_the_id_of_its_row_and_one_that_inserts_nothing_gives_none() {
        const INSERT: &str =
            "INSERT INTO note (text) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id";
        let connection = Connection::open_in_memory().unwrap();
        let table = "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT UNIQUE); \
            INSERT INTO note (id, text) VALUES (41, 'first')";
        connection.execute_batch(table).unwrap();
        let mut prepared = Prepared::over(connection);
        let mut insert = |text: &str| {
            let (touched, rows) = prepared.run(INSERT, &[text.into()], None).unwrap();
            let ids = rows.into_iter().map(|mut row| row.int().unwrap());
            (touched, ids.collect::<Vec<_>>())
        };
        assert_eq!(insert("second"), (1, vec![42]));
        assert_eq!(insert("second"), (0, vec![]));
        assert_eq!(insert("third"), (1, vec![43]));
    }
}
