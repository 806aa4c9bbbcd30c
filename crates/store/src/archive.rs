//! The portable archive: everything that a school must have back, in one file that common tools can read.
//!
//! It is a tar file in zstd. First comes `archive.json`, which says what it is; then each table, row by row, as
//! `records/TABLE/NUMBER.jsonl`; then files, below `files/`; last `manifest.json`, which says how many rows each table has
//! and what each part's SHA-256 is. An archive that breaks off before its manifest is none.

mod beside;
mod fault;
mod hashed;
mod input;
mod line;
mod manifest;
mod origin;
mod reader;
pub(crate) mod table;
mod transfer;
mod writer;

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::sqlite::{Filling, Snapshot};
use crate::value::{Row, Value};

pub use beside::Beside;
pub use fault::ArchiveError;
pub use manifest::{FilePart, Head, Manifest, TablePart};
pub use origin::Origin;

pub(crate) use origin::WriteLock;
pub(crate) use table::Table;
pub(crate) use transfer::{Sink, compare, digest, move_table, prove, transfer};

use beside::Joined;
use input::Input;
use reader::Visitor;
use writer::Writer;

/// The name of the database in a restored directory.
pub const DATABASE: &str = "pendopo.db";
/// Where the archive's files stand in a restored directory.
pub const FILES: &str = "files";

/// One view of an engine's records that no write changes.
pub(crate) trait Source {
    /// The number of the last migration.
    fn schema(&self) -> i64;

    /// How many rows the table has.
    fn count(&mut self, table: &Table) -> Result<u64, ArchiveError>;

    /// Every row, in the order of the table's key.
    fn each(
        &mut self,
        table: &Table,
        take: &mut dyn FnMut(&[Value]) -> Result<(), ArchiveError>,
    ) -> Result<(), ArchiveError>;

    /// Asks something that every engine understands.
    fn ask(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, ArchiveError>;

    /// For each table that numbers its rows, the last number that it gave.
    fn numbers(&mut self) -> Result<Vec<(String, i64)>, ArchiveError>;
}

/// What an archive is made of.
pub struct Contents<'a> {
    /// Where the records are.
    pub records: &'a Origin,
    /// What other stores keep of them.
    pub beside: Option<&'a Beside>,
    /// Files, each with its name in the archive.
    pub files: &'a [(String, PathBuf)],
    /// Texts that are kept like files.
    pub texts: &'a [(String, String)],
    /// The version of the program.
    pub version: &'a str,
    /// The time, in RFC 3339.
    pub created_at: String,
}

/// How far the work is: parts done, and all of them.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// What work on a backup is about; each stage counts parts of its own, and may come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Rows are written, into an archive or to a server.
    Writing,
    /// Bytes of an archive are unpacked into a place that does not count yet.
    Unpacking,
    /// Rows that were written are read back and compared.
    Comparing,
    /// Bytes of a backup go to a bucket.
    Sending,
    /// Bytes of a backup come back from a bucket.
    Fetching,
}

/// How far the work of a stage is.
pub type Stages<'a> = &'a mut dyn FnMut(Stage, u64, u64);

/// Writes an archive of one moment, while others go on writing to the database. Memory does not grow with it.
pub fn create<W: Write>(
    output: W,
    contents: &Contents<'_>,
    progress: Progress<'_>,
) -> Result<(W, Manifest), ArchiveError> {
    let mut source: Box<dyn Source + '_> = match contents.beside {
        None => contents.records.view()?,
        Some(beside) => Box::new(Joined::open(contents.records, beside)?),
    };
    let numbers = source.numbers()?.into_iter().collect();
    let head = Head::new(contents, source.schema(), numbers);
    let tables = table::all();
    let (mut done, mut all) = (0, 0);
    for table in &tables {
        all += source.count(table)?;
    }
    let mut writer = Writer::begin(output, head)?;
    for table in &tables {
        let mut step = || {
            done += 1;
            progress(done, all);
        };
        writer.table(source.as_mut(), table, &mut step)?;
    }
    for (name, path) in contents.files {
        writer.file(name, path)?;
    }
    for (name, text) in contents.texts {
        writer.text(name, text)?;
    }
    writer.finish()
}

/// Reads an archive to its end and holds every part against the manifest.
pub fn verify(input: impl Read, progress: Progress<'_>) -> Result<Manifest, ArchiveError> {
    reader::read(Input::new(input, progress), &mut Nobody)
}

/// Makes a database and files of an archive, in a directory that is empty or absent. The database is sound and holds
/// exactly what the archive says, or there is an error. Memory does not grow with the archive.
pub fn restore(
    input: impl Read,
    into: &Path,
    progress: Stages<'_>,
) -> Result<Manifest, ArchiveError> {
    let fail = |cause| ArchiveError::file(into, cause);
    private_dir(into).map_err(fail)?;
    if fs::read_dir(into).map_err(fail)?.next().is_some() {
        return Err(fail(io::ErrorKind::DirectoryNotEmpty.into()));
    }
    let mut restoring = Restoring {
        directory: into,
        filling: None,
    };
    let unpacking = &mut |done, all| progress(Stage::Unpacking, done, all);
    let manifest = reader::read(Input::new(input, unpacking), &mut restoring)?;
    let filling = restoring.filling.ok_or_else(ArchiveError::no_head)?;
    filling.finish(&manifest.head.numbers)?;
    let mut source = Snapshot::open(&into.join(DATABASE))?;
    let mut parts = Vec::new();
    for part in &manifest.tables {
        parts.push((manifest.head.table(&part.name)?, part));
    }
    compare(&mut source, parts.into_iter(), progress)?;
    Ok(manifest)
}

struct Nobody;

impl Visitor for Nobody {
    fn begin(&mut self, _: &Head) -> Result<(), ArchiveError> {
        Ok(())
    }

    fn row(&mut self, _: &Table, _: Vec<Value>) -> Result<(), ArchiveError> {
        Ok(())
    }

    fn file(&mut self, _: &str, content: &mut dyn Read) -> Result<(), ArchiveError> {
        io::copy(content, &mut io::sink())
            .map(drop)
            .map_err(ArchiveError::reading)
    }
}

struct Restoring<'a> {
    directory: &'a Path,
    filling: Option<Filling>,
}

impl Visitor for Restoring<'_> {
    fn begin(&mut self, head: &Head) -> Result<(), ArchiveError> {
        let database = self.directory.join(DATABASE);
        self.filling = Some(Filling::create(&database, head.schema)?);
        Ok(())
    }

    fn row(&mut self, table: &Table, values: Vec<Value>) -> Result<(), ArchiveError> {
        let filling = self.filling.as_mut().ok_or_else(ArchiveError::no_head)?;
        Sink::insert(filling, table, &values)
    }

    fn file(&mut self, name: &str, content: &mut dyn Read) -> Result<(), ArchiveError> {
        let path = self.directory.join(FILES).join(name);
        let fail = |cause| ArchiveError::file(&path, cause);
        let parent = path.parent().unwrap_or(self.directory);
        private_dir(parent).map_err(fail)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut file = options.open(&path).map_err(fail)?;
        input::copy(content, &mut file, &path)?;
        file.sync_all().map_err(fail)
    }
}

fn private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}
