//! What an archive says of itself, at its beginning and at its end.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::table::{self, Table};
use super::{ArchiveError, Contents};
use crate::migrations;

/// The format that this version writes, and the newest one that it reads.
const FORMAT: u32 = 1;

/// Of the beginning, the one member that every format has.
#[derive(Deserialize)]
pub(super) struct Format {
    format: u32,
}

impl Format {
    /// Whether this version can read what follows.
    pub(super) fn check(&self) -> Result<(), ArchiveError> {
        if self.format > FORMAT {
            return Err(ArchiveError::NewerFormat {
                found: self.format,
                known: FORMAT,
            });
        }
        Ok(())
    }
}

/// The beginning: what follows, and what it takes to read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    format: u32,
    /// The time it was made, in RFC 3339.
    pub created_at: String,
    /// The version of the program that made it.
    pub version: String,
    /// The number of the last migration of the database.
    pub schema: i64,
    pub(crate) tables: Vec<Table>,
    /// For each table that numbers its rows, the last number that it gave.
    pub(crate) numbers: BTreeMap<String, i64>,
}

/// The end: what each part must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The beginning once more.
    pub head: Head,
    /// Every table.
    pub tables: Vec<TablePart>,
    /// Every file.
    pub files: Vec<FilePart>,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TablePart {
    /// Its name.
    pub name: String,
    /// How many rows it has.
    pub rows: u64,
    /// The SHA-256 of all its lines, in hexadecimal digits.
    pub sha256: String,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilePart {
    /// Its name in the archive, with `/`.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// The SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
}

impl Head {
    pub(super) fn new(
        contents: &Contents<'_>,
        schema: i64,
        numbers: BTreeMap<String, i64>,
    ) -> Self {
        Self {
            format: FORMAT,
            created_at: contents.created_at.clone(),
            version: contents.version.to_owned(),
            schema,
            tables: table::all(),
            numbers,
        }
    }

    /// Whether this version can read what follows.
    pub(super) fn check(&self) -> Result<(), ArchiveError> {
        let known = migrations::ALL.last().map_or(0, |step| step.id);
        if self.schema > known {
            return Err(ArchiveError::NewerSchema {
                found: self.schema,
                known,
            });
        }
        if self.schema < 1 {
            return Err(ArchiveError::Damaged(format!(
                "there is no schema {}",
                self.schema
            )));
        }
        self.tables.iter().try_for_each(Table::check)
    }

    pub(super) fn table(&self, name: &str) -> Result<&Table, ArchiveError> {
        self.tables
            .iter()
            .find(|table| table.name == name)
            .ok_or_else(|| {
                ArchiveError::Damaged(format!("it holds a table `{name}` that it does not name"))
            })
    }
}

impl Manifest {
    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }
}
