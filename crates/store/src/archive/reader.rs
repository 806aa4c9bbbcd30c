//! Reading an archive to its end, and holding each part against the manifest.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Component;

use tar::{Archive, Entry};
use zstd::stream::read::Decoder;

use super::hashed::Hashed;
use super::line::{self, Digest};
use super::manifest::{FilePart, Format, Head, Manifest};
use super::table::Table;
use super::{ArchiveError, FILES};
use crate::value::Value;

/// No part of records or of what an archive says of itself is larger.
const PART_AT_MOST: u64 = 64 << 20;

/// Who takes what an archive holds.
pub(super) trait Visitor {
    /// The beginning was read, and can be understood.
    fn begin(&mut self, head: &Head) -> Result<(), ArchiveError>;

    /// The next row of a table, in the order of its key.
    fn row(&mut self, table: &Table, values: Vec<Value>) -> Result<(), ArchiveError>;

    /// A file; all of its content must be read. The name leads nowhere but down.
    fn file(&mut self, name: &str, content: &mut dyn Read) -> Result<(), ArchiveError>;
}

/// Reads everything. What the visitor was given counts only if this succeeds.
pub(super) fn read(input: impl Read, visitor: &mut dyn Visitor) -> Result<Manifest, ArchiveError> {
    let decoder = Decoder::new(input).map_err(ArchiveError::reading)?;
    let mut archive = Archive::new(decoder);
    let mut entries = archive.entries().map_err(ArchiveError::reading)?;
    let first = entries.next().ok_or_else(ArchiveError::no_head)?;
    let head = head(first.map_err(ArchiveError::reading)?)?;
    visitor.begin(&head)?;
    let mut found = Found::new(&head);
    let mut manifest = None;
    for entry in entries {
        let entry = entry.map_err(ArchiveError::reading)?;
        if manifest.is_some() {
            return Err(damaged("something follows its manifest"));
        }
        manifest = found.take(entry, visitor)?;
    }
    // What tar leaves unread holds zstd's own digest.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(ArchiveError::reading)?;
    let manifest = manifest.ok_or_else(|| damaged("it breaks off before its manifest"))?;
    found.must_be(&manifest)?;
    Ok(manifest)
}

fn damaged(what: &str) -> ArchiveError {
    ArchiveError::Damaged(what.to_owned())
}

fn head<R: Read>(entry: Entry<'_, R>) -> Result<Head, ArchiveError> {
    if name(&entry)? != "archive.json" {
        return Err(ArchiveError::no_head());
    }
    let text = content(entry)?;
    // Another format may have other members; its number is looked at first.
    parse::<Format>(&text)?.check()?;
    let head: Head = parse(&text)?;
    head.check()?;
    Ok(head)
}

fn parse<T: serde::de::DeserializeOwned>(text: &[u8]) -> Result<T, ArchiveError> {
    serde_json::from_slice(text).map_err(|error| ArchiveError::Damaged(error.to_string()))
}

/// The entry's name: plain parts alone, so that it leads nowhere but down.
fn name<R: Read>(entry: &Entry<'_, R>) -> Result<String, ArchiveError> {
    let wrong = || damaged("an entry has a name that leads elsewhere");
    let path = entry.path().map_err(ArchiveError::reading)?;
    let is_plain = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if !is_plain || !entry.header().entry_type().is_file() {
        return Err(wrong());
    }
    path.to_str().map(str::to_owned).ok_or_else(wrong)
}

fn content<R: Read>(entry: Entry<'_, R>) -> Result<Vec<u8>, ArchiveError> {
    let size = entry.size();
    if size > PART_AT_MOST {
        return Err(damaged("a part is too large"));
    }
    let mut content = Vec::new();
    entry
        .take(size)
        .read_to_end(&mut content)
        .map_err(ArchiveError::reading)?;
    Ok(content)
}

/// What came so far.
struct Found<'a> {
    head: &'a Head,
    tables: BTreeMap<&'a str, Digest>,
    files: Vec<FilePart>,
}

impl<'a> Found<'a> {
    fn new(head: &'a Head) -> Self {
        let tables = head.tables.iter();
        Self {
            head,
            tables: tables
                .map(|table| (table.name.as_str(), Digest::default()))
                .collect(),
            files: Vec::new(),
        }
    }

    /// The manifest, if the entry is it.
    fn take<R: Read>(
        &mut self,
        entry: Entry<'_, R>,
        visitor: &mut dyn Visitor,
    ) -> Result<Option<Manifest>, ArchiveError> {
        let name = name(&entry)?;
        if name == "manifest.json" {
            return parse(&content(entry)?).map(Some);
        }
        match name.split_once('/') {
            Some((FILES, file)) => self.file(file, entry, visitor)?,
            Some(("records", rest)) => {
                let table = rest.split('/').next().unwrap_or(rest);
                self.rows(table, &content(entry)?, visitor)?;
            }
            _ => return Err(ArchiveError::Damaged(format!("it holds `{name}`"))),
        }
        Ok(None)
    }

    fn rows(
        &mut self,
        table: &str,
        lines: &[u8],
        visitor: &mut dyn Visitor,
    ) -> Result<(), ArchiveError> {
        let table = self.head.table(table)?;
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            if let Some(digest) = self.tables.get_mut(table.name.as_str()) {
                digest.add(line);
            }
            visitor.row(table, line::read(line, table.columns.len())?)?;
        }
        Ok(())
    }

    fn file<R: Read>(
        &mut self,
        name: &str,
        entry: Entry<'_, R>,
        visitor: &mut dyn Visitor,
    ) -> Result<(), ArchiveError> {
        let mut content = Hashed::new(entry);
        visitor.file(name, &mut content)?;
        self.files.push(content.part(name));
        Ok(())
    }

    fn must_be(self, manifest: &Manifest) -> Result<(), ArchiveError> {
        let parts = self.head.tables.iter().zip(&manifest.tables);
        let mut digests = self.tables;
        let mut is_same = *self.head == manifest.head
            && self.head.tables.len() == manifest.tables.len()
            && self.files == manifest.files;
        for (table, part) in parts {
            let digest = digests.remove(table.name.as_str()).unwrap_or_default();
            is_same &= digest.part(&table.name) == *part;
        }
        if is_same {
            Ok(())
        } else {
            Err(damaged("what it holds is not what its manifest says"))
        }
    }
}
