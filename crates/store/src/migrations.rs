//! The list of migrations: what every schema is made of, in order, the same for each engine.

use sha2::{Digest, Sha256};

/// One step. A step that was ever released is never changed: `migrations.lock` and a test hold it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    /// Counts from 1 without a gap; the schema's number is that of its last step.
    pub(crate) id: i64,
    pub(crate) name: &'static str,
    /// What every engine runs, with words in braces where their types differ.
    pub(crate) shared: &'static str,
    /// What only SQLite runs, after it.
    pub(crate) sqlite: &'static str,
}

/// The schema that this version works with.
pub fn newest() -> i64 {
    ALL.last().map_or(0, |step| step.id)
}

pub(crate) const ALL: &[Migration] = &[Migration {
    id: 1,
    name: "school",
    shared: include_str!("../migrations/0001_school.sql"),
    sqlite: include_str!("../migrations/0001_school.sqlite.sql"),
}];

/// The words in braces, and SQLite's for them.
const SQLITE_WORDS: [(&str, &str); 5] = [
    // Numbers are never given twice, as with PostgreSQL's identities.
    ("{id}", "INTEGER PRIMARY KEY AUTOINCREMENT"),
    ("{place}", "INTEGER PRIMARY KEY"),
    ("{integer}", "INTEGER"),
    ("{bytes}", "BLOB"),
    ("{strict}", "STRICT"),
];

impl Migration {
    /// The statements for SQLite.
    pub(crate) fn for_sqlite(&self) -> String {
        let shared = SQLITE_WORDS
            .iter()
            .fold(self.shared.to_owned(), |sql, (word, ours)| {
                sql.replace(word, ours)
            });
        format!("{shared}\n{}", self.sqlite)
    }

    /// A digest of what SQLite runs, kept in the database beside the number.
    pub(crate) fn checksum(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        for part in [self.shared, self.sqlite] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        digest.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use school::secret::hex;

    use super::*;

    #[test]
    fn a_released_migration_is_never_changed() {
        let lines = ALL
            .iter()
            .map(|step| format!("{:04}_{} {}\n", step.id, step.name, hex(&step.checksum())));
        assert_eq!(
            lines.collect::<String>(),
            include_str!("../migrations.lock"),
            "add a migration instead; a new one adds its line to `migrations.lock`"
        );
    }

    #[test]
    fn migrations_count_from_one_without_a_gap() {
        let ids: Vec<i64> = ALL.iter().map(|step| step.id).collect();
        let expected: Vec<i64> = (1..=i64::try_from(ALL.len()).unwrap()).collect();
        assert_eq!(ids, expected);
    }

    #[test]
    fn no_word_in_braces_is_left() {
        for step in ALL {
            assert!(!step.for_sqlite().contains('{'), "{}", step.name);
        }
    }
}
