//! Writing an archive, part by part, in bounded memory.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use tar::{Builder, EntryType, Header};
use zstd::stream::write::Encoder;

use super::hashed::{self, Hashed};
use super::line::{self, Digest};
use super::manifest::{Head, Manifest};
use super::table::Table;
use super::{ArchiveError, Source};

/// Lines are written in parts of about this size.
const PART: usize = 1 << 20;
/// zstd's own default: a quarter of the size at some 300 MB a second.
const LEVEL: i32 = 3;

pub(super) struct Writer<W: Write> {
    tar: Builder<Encoder<'static, W>>,
    manifest: Manifest,
}

impl<W: Write> Writer<W> {
    pub(super) fn begin(output: W, head: Head) -> Result<Self, ArchiveError> {
        let mut encoder = Encoder::new(output, LEVEL).map_err(ArchiveError::Output)?;
        encoder
            .include_checksum(true)
            .map_err(ArchiveError::Output)?;
        let mut writer = Self {
            tar: Builder::new(encoder),
            manifest: Manifest {
                head,
                tables: Vec::new(),
                files: Vec::new(),
            },
        };
        let head = json(&writer.manifest.head);
        writer.append("archive.json", &head)?;
        Ok(writer)
    }

    /// Every row of a table; `step` is called for each.
    pub(super) fn table(
        &mut self,
        source: &mut dyn Source,
        table: &Table,
        step: &mut dyn FnMut(),
    ) -> Result<(), ArchiveError> {
        let (mut part, mut number, mut begin) = (Vec::with_capacity(PART), 0, 0);
        let mut digest = Digest::default();
        source.each(table, &mut |row| {
            line::write(row, &mut part);
            digest.add(&part[begin..]);
            begin = part.len();
            step();
            if part.len() >= PART {
                self.lines(table, &mut number, &mut part)?;
                begin = 0;
            }
            Ok(())
        })?;
        if !part.is_empty() {
            self.lines(table, &mut number, &mut part)?;
        }
        self.manifest.tables.push(digest.part(&table.name));
        Ok(())
    }

    fn lines(
        &mut self,
        table: &Table,
        number: &mut u32,
        part: &mut Vec<u8>,
    ) -> Result<(), ArchiveError> {
        *number += 1;
        let name = format!("records/{}/{number:08}.jsonl", table.name);
        self.append(&name, part)?;
        part.clear();
        Ok(())
    }

    /// A file as it is now; one that is replaced meanwhile is taken as it was.
    pub(super) fn file(&mut self, name: &str, path: &Path) -> Result<(), ArchiveError> {
        let fail = |cause| ArchiveError::file(path, cause);
        let file = File::open(path).map_err(fail)?;
        let size = file.metadata().map_err(fail)?.len();
        let mut content = Hashed::new(file.take(size));
        let mut header = header(size);
        let appended = self
            .tar
            .append_data(&mut header, format!("files/{name}"), &mut content);
        appended.map_err(ArchiveError::Output)?;
        let part = content.part(name);
        if part.size != size {
            return Err(ArchiveError::Changed(path.to_owned()));
        }
        self.manifest.files.push(part);
        Ok(())
    }

    pub(super) fn text(&mut self, name: &str, text: &str) -> Result<(), ArchiveError> {
        self.append(&format!("files/{name}"), text.as_bytes())?;
        self.manifest
            .files
            .push(hashed::part(name, text.as_bytes()));
        Ok(())
    }

    /// Writes the manifest; without it the archive is none.
    pub(super) fn finish(mut self) -> Result<(W, Manifest), ArchiveError> {
        let manifest = json(&self.manifest);
        self.append("manifest.json", &manifest)?;
        let encoder = self.tar.into_inner().map_err(ArchiveError::Output)?;
        let output = encoder.finish().map_err(ArchiveError::Output)?;
        Ok((output, self.manifest))
    }

    fn append(&mut self, name: &str, content: &[u8]) -> Result<(), ArchiveError> {
        let mut header = header(content.len() as u64);
        self.tar
            .append_data(&mut header, name, content)
            .map_err(ArchiveError::Output)
    }
}

/// A file for its owner alone, without a time: what it says stands in the manifest.
fn header(size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o600);
    header.set_size(size);
    header
}

fn json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec_pretty(value).expect("texts and numbers alone")
}
