//! Whether the disk has room for what a chore builds.

use std::fs::{self, DirEntry};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use cargo_metadata::MetadataCommand;

/// What a clean `cargo xtask ci` leaves in the target directory, with half as much again for the tests' own files and
/// the images.
const NEEDED: u64 = 5 * GIB;
const GIB: u64 = 1 << 30;

/// Refuses to begin what could only end with a full disk.
pub(crate) fn must_be_enough(root: &Path) -> Result<()> {
    let metadata = MetadataCommand::new().current_dir(root).no_deps().exec();
    let metadata = metadata.context("asking cargo for its target directory")?;
    let target = metadata.target_directory.as_std_path();
    check(target, free(target)?, size(target))
}

/// What stands there already is not needed again.
fn check(target: &Path, free: u64, there: u64) -> Result<()> {
    let missing = NEEDED.saturating_sub(there);
    if free < missing {
        bail!(
            "the disk under {} has {} free, and building and testing takes {} more: \
             make room, or set CARGO_TARGET_DIR to a directory on a larger disk",
            target.display(),
            in_gib(free),
            in_gib(missing)
        );
    }
    Ok(())
}

/// On the disk that the directory is on, or will be.
fn free(target: &Path) -> Result<u64> {
    let mut place = target.ancestors();
    let place = place.find(|place| place.exists()).unwrap_or(target);
    let disk = rustix::fs::statvfs(place);
    let disk =
        disk.with_context(|| format!("asking how full the disk of {} is", place.display()))?;
    Ok(disk.f_bavail * disk.f_frsize)
}

/// What a directory holds; what can't be read, or goes in the meantime, counts nothing.
fn size(directory: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(directory) else {
        return 0;
    };
    let size_of = |entry: io::Result<DirEntry>| -> io::Result<u64> {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if metadata.is_dir() {
            return Ok(size(&entry.path()));
        }
        // Cargo gives one file several names.
        Ok(metadata.blocks() * 512 / metadata.nlink())
    };
    entries.map(|entry| size_of(entry).unwrap_or(0)).sum()
}

#[expect(clippy::cast_precision_loss, reason = "one digit is shown")]
fn in_gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / GIB as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_small_a_disk_is_told_with_what_it_takes() {
        let target = Path::new("/somewhere/target");
        let error = check(target, GIB / 2, GIB).unwrap_err().to_string();
        for part in [
            "/somewhere/target",
            "0.5 GiB free",
            "takes 4.0 GiB more",
            "CARGO_TARGET_DIR",
        ] {
            assert!(error.contains(part), "{error}");
        }
        check(target, 4 * GIB, GIB).unwrap();
        check(target, 0, 6 * GIB).unwrap();
    }

    #[test]
    fn what_is_there_is_counted_once_and_a_disk_is_asked_before_its_directory_is_made() {
        let directory = tempfile::tempdir().unwrap();
        let deep = directory.path().join("a/b");
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("one"), vec![1; 1 << 20]).unwrap();
        fs::hard_link(deep.join("one"), deep.join("other")).unwrap();
        let counted = size(directory.path());
        assert!((1 << 20..2 << 20).contains(&counted), "{counted}");
        let free = [deep.as_path(), &deep.join("not/yet")].map(|place| free(place).unwrap());
        assert!(free[0] > 0 && free[0].abs_diff(free[1]) < GIB, "{free:?}");
    }
}
