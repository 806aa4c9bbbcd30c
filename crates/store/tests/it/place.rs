//! A directory of one test's own, with a database in it.

use std::path::{Path, PathBuf};

use store::sqlite::{Options, open};
use store::{OpenError, Opened};
use tempfile::TempDir;

/// The directory; removed when it is dropped.
pub(crate) struct Place {
    directory: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory().join("pendopo.db")
    }

    pub(crate) fn open(&self) -> Opened {
        self.try_open().unwrap()
    }

    pub(crate) fn try_open(&self) -> Result<Opened, OpenError> {
        open(&self.path(), &Options::default())
    }
}
