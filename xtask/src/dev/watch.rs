//! What the source looked like at one moment: every file with its time of change and size.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};

/// Whatever the binary is built from.
const WATCHED: &[&str] = &["crates", "Cargo.toml", "Cargo.lock"];

/// Two snapshots are equal when nothing changed between them.
#[derive(PartialEq, Eq)]
pub(crate) struct Snapshot(BTreeMap<PathBuf, (SystemTime, u64)>);

impl Snapshot {
    pub(crate) fn take(root: &Path) -> Result<Self> {
        let mut files = BTreeMap::new();
        for name in WATCHED {
            collect(&root.join(name), &mut files).with_context(|| format!("looking at {name}"))?;
        }
        Ok(Self(files))
    }
}

fn collect(path: &Path, files: &mut BTreeMap<PathBuf, (SystemTime, u64)>) -> std::io::Result<()> {
    // Editors replace files by renaming, so one may be gone between listing and looking.
    let Ok(metadata) = path.metadata() else {
        return Ok(());
    };
    if metadata.is_file() {
        files.insert(path.to_owned(), (metadata.modified()?, metadata.len()));
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_a_changed_and_a_removed_file_are_seen() {
        let root = tempfile::tempdir().expect("a directory");
        let file = root.path().join("crates/web/src/api.rs");
        std::fs::create_dir_all(file.parent().expect("it has one")).expect("folders");
        let take = || Snapshot::take(root.path()).expect("it can be read");
        let before = take();
        assert!(before == take());
        std::fs::write(&file, "a").expect("written");
        let created = take();
        assert!(created != before);
        std::fs::write(&file, "ab").expect("written");
        assert!(created != take());
        std::fs::remove_file(&file).expect("removed");
        assert!(before == take());
    }
}
