//! Where a copy goes: a file or a server, and how it comes into force.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::{CopyError, directory};
use crate::archive::{ArchiveError, Origin, Sink, TablePart, prove, table};
use crate::migrations;
use crate::postgres;
use crate::sqlite::{self, Snapshot};

pub(super) enum Target {
    File {
        filling: sqlite::Filling,
        part: Part,
        path: PathBuf,
    },
    Server(postgres::Filling),
}

/// A file that is not whole yet; removed when this is dropped, unless it was renamed.
pub(super) struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl Target {
    /// Records without a row; fails if there are any.
    pub(super) fn begin(to: &Origin) -> Result<Self, CopyError> {
        match to {
            Origin::Sqlite(path) => Self::file(path),
            Origin::Postgres(options) => {
                let mut filling = postgres::Filling::begin(options)?;
                if filling.count_all()? > 0 {
                    return Err(CopyError::NotEmpty(options.address.to_string()));
                }
                filling.clear()?;
                Ok(Self::Server(filling))
            }
        }
    }

    fn file(path: &Path) -> Result<Self, CopyError> {
        if fs::symlink_metadata(path).is_ok() {
            return Err(CopyError::Exists(path.to_owned()));
        }
        let mut name = path.as_os_str().to_owned();
        name.push(".part");
        let part = Part(PathBuf::from(name));
        // One that was broken off.
        match fs::remove_file(&part.0) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                return Err(ArchiveError::file(&part.0, cause).into());
            }
            _ => {}
        }
        Ok(Self::File {
            filling: sqlite::Filling::create(&part.0, migrations::newest())?,
            part,
            path: path.to_owned(),
        })
    }

    pub(super) fn sink(&mut self) -> &mut dyn Sink {
        match self {
            Self::File { filling, .. } => filling,
            Self::Server(filling) => filling,
        }
    }

    /// Reads everything back, which must be these parts, and puts it in force.
    pub(super) fn finish(
        self,
        numbers: &BTreeMap<String, i64>,
        parts: &[TablePart],
        step: &mut dyn FnMut(),
    ) -> Result<(), CopyError> {
        let tables = table::all();
        let expected = tables.iter().zip(parts);
        match self {
            Self::Server(mut filling) => {
                filling.number(numbers)?;
                prove(filling.view(), expected, step)?;
                filling.commit()?;
            }
            Self::File {
                filling,
                part,
                path,
            } => {
                filling.finish(numbers)?;
                prove(&mut Snapshot::open(&part.0)?, expected, step)?;
                let fail = |cause| ArchiveError::file(&path, cause);
                fs::rename(&part.0, &path).map_err(fail)?;
                let folder = File::open(directory(&path)).map_err(fail)?;
                folder.sync_all().map_err(fail)?;
            }
        }
        Ok(())
    }
}
