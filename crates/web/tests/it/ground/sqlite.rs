//! What a school stands on: a database in a directory of its own.

use store::Opened;
use store::sqlite::{Options, open};
use tempfile::TempDir;

/// Goes away with the school.
pub(crate) struct Ground {
    _directory: TempDir,
}

impl Ground {
    #[expect(
        clippy::unused_async,
        reason = "other grounds are opened with patience"
    )]
    pub(crate) async fn open() -> (Self, Opened) {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("pendopo.db");
        let opened = open(&path, &Options::default()).unwrap();
        let ground = Self {
            _directory: directory,
        };
        (ground, opened)
    }
}
