//! Which tables an archive holds, and in which order: what others refer to comes first.

use serde::{Deserialize, Serialize};

use super::ArchiveError;

/// A table, as its rows stand in an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    /// The columns by which its rows are ordered.
    pub(crate) key: Vec<String>,
}

/// How it is found out what changed in a table since it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Follow {
    /// The trail tells each row's number, under actions on these.
    Told(&'static [&'static str]),
    /// Rows only come, each with a higher key.
    Appended,
    /// It is looked at anew: it is small.
    Whole,
}

/// Name, columns and key of each table of this version's schema.
const TABLES: &[(&str, &str, &str)] = &[
    (
        "person",
        "id first_name last_name email email_key username username_key search_key role is_disabled \
         password_hash must_change_password created_at updated_at version",
        "id",
    ),
    (
        "token",
        "id hash person_id label scope created_at expires_at",
        "id",
    ),
    ("message", "id message name person_id created_at", "id"),
    (
        "audit",
        "seq at actor address request_id action object_id before after hash",
        "seq",
    ),
    (
        "idempotency",
        "caller key fingerprint at object_id after",
        "caller key",
    ),
    ("removed_message", "id is_moved", "id"),
    (
        "ban",
        "network reason made_by since until is_forced",
        "network",
    ),
    ("setting", "name value", "name"),
    ("counter", "name value", "name"),
];

/// The table that no archive holds: who was signed in, since a session that was ended must not come back.
const LEFT_OUT: &str = "session";

/// The tables of this version's schema that hold something of a school, also that which no archive holds.
pub(crate) fn every_name() -> Vec<&'static str> {
    let names = TABLES.iter().map(|(name, ..)| *name);
    names.chain([LEFT_OUT]).collect()
}

/// The tables of this version's schema.
pub(crate) fn all() -> Vec<Table> {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    let table = |(name, columns, key): &(&str, &str, &str)| Table {
        name: (*name).to_owned(),
        columns: words(columns),
        key: words(key),
    };
    TABLES.iter().map(table).collect()
}

impl Table {
    /// How it is found out what changed in it.
    pub(crate) fn follow(&self) -> Follow {
        match self.name.as_str() {
            "person" => Follow::Told(&["person", "password"]),
            "token" => Follow::Told(&["token"]),
            "message" => Follow::Told(&["message"]),
            "audit" => Follow::Appended,
            _ => Follow::Whole,
        }
    }

    /// Every row, in the order of the key.
    pub(crate) fn select(&self) -> String {
        self.select_by(str::to_owned)
    }

    /// Every row, in the order of the key as it is said for each of its columns.
    pub(crate) fn select_by(&self, said: impl Fn(&str) -> String) -> String {
        let key: Vec<_> = self.key.iter().map(|column| said(column)).collect();
        let (columns, key) = (self.columns.join(", "), key.join(", "));
        format!("SELECT {columns} FROM {} ORDER BY {key}", self.name)
    }

    /// Takes rows on PostgreSQL.
    pub(crate) fn copy(&self) -> String {
        let columns = self.columns.join(", ");
        format!("COPY {} ({columns}) FROM STDIN BINARY", self.name)
    }

    pub(crate) fn count(&self) -> String {
        format!("SELECT COUNT(*) FROM {}", self.name)
    }

    /// Takes a row's values in the order of the columns.
    pub(crate) fn insert(&self) -> String {
        let places: Vec<_> = (1..=self.columns.len())
            .map(|place| format!("${place}"))
            .collect();
        let columns = self.columns.join(", ");
        format!(
            "INSERT INTO {} ({columns}) VALUES ({})",
            self.name,
            places.join(", ")
        )
    }

    /// Takes a row's values, and puts them in the place of the row with the same key.
    pub(crate) fn replace(&self) -> String {
        let set = self.columns.iter();
        let set: Vec<_> = set
            .map(|name| format!("{name} = excluded.{name}"))
            .collect();
        format!(
            "{} ON CONFLICT ({}) DO UPDATE SET {}",
            self.insert(),
            self.key.join(", "),
            set.join(", ")
        )
    }

    /// The names go into statements, so none may be more than a name.
    pub(super) fn check(&self) -> Result<(), ArchiveError> {
        let is_name = |text: &String| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        };
        let mut names = [&self.name]
            .into_iter()
            .chain(&self.columns)
            .chain(&self.key);
        let is_whole = !self.columns.is_empty() && !self.key.is_empty();
        if is_whole && names.all(is_name) {
            Ok(())
        } else {
            Err(ArchiveError::Damaged(
                "`archive.json` names a table that is none".to_owned(),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::migrations;

    fn names(connection: &Connection, sql: &str) -> Vec<String> {
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    #[test]
    fn every_column_of_the_schema_is_in_the_archive_or_left_out_on_purpose() {
        let connection = Connection::open_in_memory().unwrap();
        for step in migrations::ALL {
            connection.execute_batch(&step.for_sqlite()).unwrap();
        }
        let list =
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        let mut found = names(&connection, list);
        // Whoever restores applies the migrations.
        found.retain(|name| name != "migration");
        let mut ours = every_name();
        found.sort();
        ours.sort_unstable();
        assert_eq!(found, ours);
        for table in all() {
            let columns = format!("SELECT name FROM pragma_table_info('{}')", table.name);
            assert_eq!(
                names(&connection, &columns),
                table.columns,
                "{}",
                table.name
            );
        }
    }

    #[test]
    fn a_name_that_is_more_than_a_name_is_refused() {
        for name in ["", "person; DROP TABLE person", "a b", "\"x\""] {
            let table = Table {
                name: name.to_owned(),
                columns: vec!["id".to_owned()],
                key: vec!["id".to_owned()],
            };
            assert!(table.check().is_err(), "{name}");
        }
        assert!(all().iter().all(|table| table.check().is_ok()));
    }
}
