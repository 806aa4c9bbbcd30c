//! The fence around files: Landlock.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd,
    Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, Scope,
};

use super::{Unfenced, threads};

/// The newest rules that we know the meaning of; a kernel that knows fewer holds those.
const KNOWN: ABI = ABI::V6;
/// How often other threads are given a millisecond to end.
const ENDING_LOOKS: usize = 50;

/// What may be done with a path and everything below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Read files and list directories.
    Read,
    /// The same, and make, write, rename and remove files, directories and sockets.
    Write,
    /// Make, rename and remove names, and list them; no file's content.
    Arrange,
}

/// Everything that can be reached in the file system; nothing of it can be executed.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    grants: Vec<(PathBuf, Right)>,
}

impl Reach {
    /// Grants a right on a path, after links are followed. What is not there can't be granted and is left out: a
    /// directory must be made before.
    pub fn grant(&mut self, path: impl AsRef<Path>, right: Right) {
        let Ok(path) = path.as_ref().canonicalize() else {
            return;
        };
        if !self.covers(&path, right) {
            self.grants.push((path, right));
        }
    }

    /// What the other one can reach and this one can't, after links are followed.
    pub fn lacks(&self, other: &Self) -> Vec<PathBuf> {
        let lacking = other
            .grants
            .iter()
            .filter(|(path, right)| !self.covers(path, *right));
        lacking.map(|(path, _)| path.clone()).collect()
    }

    fn covers(&self, path: &Path, right: Right) -> bool {
        self.grants
            .iter()
            .any(|(held, has)| path.starts_with(held) && has.covers(right))
    }

    /// Confines this thread, and those it starts, to what was granted. Files that are open stay so.
    pub fn confine(&self) -> Result<Confined, Unfenced> {
        // One that was joined is still seen for a moment.
        for _ in 0..ENDING_LOOKS {
            match threads() {
                Ok(1) => return self.confine_thread(),
                Ok(_) => sleep(Duration::from_millis(1)),
                Err(error) => return Err(Unfenced::Refused(error)),
            }
        }
        Err(Unfenced::TooLate)
    }

    /// The same where other threads stay outside by intent, as in a test.
    pub fn confine_thread(&self) -> Result<Confined, Unfenced> {
        let refused = |error: RulesetError| Unfenced::Refused(io::Error::other(error));
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(KNOWN))
            .and_then(|rules| rules.scope(Scope::from_all(KNOWN)))
            .and_then(Ruleset::create)
            .map_err(refused)?;
        for (path, right) in &self.grants {
            rules = add(rules, path, *right).map_err(refused)?;
        }
        match rules.restrict_self().map_err(refused)?.landlock {
            LandlockStatus::Available { effective_abi, .. } => {
                Ok(Confined(effective_abi.min(KNOWN) as i32))
            }
            LandlockStatus::NotEnabled | LandlockStatus::NotImplemented => Err(Unfenced::Absent),
        }
    }
}

/// A fence that stands, by the version of the rules that the kernel holds.
#[derive(Debug, Clone, Copy)]
pub struct Confined(i32);

impl fmt::Display for Confined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Landlock {}", self.0)
    }
}

fn add(rules: RulesetCreated, path: &Path, right: Right) -> Result<RulesetCreated, RulesetError> {
    // A path that can't be opened now can't be granted; whoever wants it later is told by the kernel.
    let Ok(place) = PathFd::new(path) else {
        return Ok(rules);
    };
    let is_directory = fs::metadata(path).is_ok_and(|metadata| metadata.is_dir());
    let rights = if is_directory {
        right.rights()
    } else {
        right.rights() & AccessFs::from_file(KNOWN)
    };
    if rights.is_empty() {
        return Ok(rules);
    }
    rules.add_rule(PathBeneath::new(place, rights))
}

impl Right {
    fn covers(self, other: Self) -> bool {
        self.rights().contains(other.rights())
    }

    fn rights(self) -> BitFlags<AccessFs> {
        let names = AccessFs::MakeReg
            | AccessFs::MakeDir
            | AccessFs::MakeSock
            | AccessFs::RemoveFile
            | AccessFs::RemoveDir
            | AccessFs::Refer;
        let read = AccessFs::ReadFile | AccessFs::ReadDir;
        match self {
            Self::Read => read,
            Self::Write => read | names | AccessFs::WriteFile | AccessFs::Truncate,
            Self::Arrange => names | AccessFs::ReadDir,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::ErrorKind::PermissionDenied;
    use std::os::unix::net::UnixListener;
    use std::process::Command;
    use std::thread;

    use super::*;

    /// Runs `attempt` in a thread that is confined to what `grant` says, over a directory with a known layout.
    fn confined(grant: impl FnOnce(&mut Reach, &Path), attempt: impl FnOnce(&Path) + Send) {
        let place = tempfile::tempdir().unwrap();
        for directory in ["open", "closed"] {
            let directory = place.path().join(directory);
            fs::create_dir(&directory).unwrap();
            fs::write(directory.join("file"), "text").unwrap();
        }
        let mut reach = Reach::default();
        grant(&mut reach, place.path());
        thread::scope(|scope| {
            let inside = scope.spawn(|| {
                reach.confine_thread().unwrap();
                attempt(place.path());
            });
            inside.join().unwrap();
        });
    }

    #[test]
    fn what_was_not_granted_can_be_neither_read_nor_written_nor_removed() {
        confined(
            |reach, place| reach.grant(place.join("open"), Right::Write),
            |place| {
                let (open, closed) = (place.join("open"), place.join("closed"));
                fs::write(open.join("new"), "more").unwrap();
                fs::rename(open.join("new"), open.join("file")).unwrap();
                assert_eq!(fs::read_to_string(open.join("file")).unwrap(), "more");
                drop(UnixListener::bind(open.join("socket")).unwrap());
                for denied in [
                    File::open(closed.join("file")).map(drop),
                    fs::read_dir(&closed).map(drop),
                    fs::write(closed.join("new"), ""),
                    fs::remove_file(closed.join("file")),
                    fs::rename(closed.join("file"), open.join("stolen")),
                ] {
                    assert_eq!(denied.unwrap_err().kind(), PermissionDenied);
                }
            },
        );
    }

    #[test]
    fn what_may_be_read_or_arranged_is_not_written() {
        confined(
            |reach, place| {
                reach.grant(place.join("open"), Right::Read);
                reach.grant(place.join("closed"), Right::Arrange);
                reach.grant(place.join("nowhere"), Right::Write);
            },
            |place| {
                let (open, closed) = (place.join("open"), place.join("closed"));
                fs::read(open.join("file")).unwrap();
                let error = fs::write(open.join("file"), "").unwrap_err();
                assert_eq!(error.kind(), PermissionDenied);
                assert_eq!(fs::read_dir(&closed).unwrap().count(), 1);
                let error = fs::read(closed.join("file")).unwrap_err();
                assert_eq!(error.kind(), PermissionDenied);
                fs::rename(closed.join("file"), closed.join("other")).unwrap();
                fs::remove_file(closed.join("other")).unwrap();
            },
        );
    }

    #[test]
    fn what_one_reach_lacks_of_another_is_told_by_path_and_right() {
        let place = tempfile::tempdir().unwrap();
        let place = place.path().canonicalize().unwrap();
        fs::create_dir(place.join("deep")).unwrap();
        let (mut held, mut wanted) = (Reach::default(), Reach::default());
        held.grant(&place, Right::Read);
        wanted.grant(place.join("deep"), Right::Read);
        wanted.grant(place.join("nowhere"), Right::Read);
        assert!(held.lacks(&wanted).is_empty());
        wanted.grant(place.join("deep"), Right::Write);
        assert_eq!(held.lacks(&wanted), [place.join("deep")]);
    }

    #[test]
    fn nothing_can_be_executed() {
        confined(
            |reach, _| {
                reach.grant("/usr", Right::Write);
                reach.grant("/lib", Right::Write);
            },
            |_| {
                let error = Command::new("/usr/bin/true").status().unwrap_err();
                assert_eq!(error.kind(), PermissionDenied);
            },
        );
    }

    #[test]
    fn a_fence_that_threads_stand_outside_of_is_none() {
        let error = Reach::default().confine().unwrap_err();
        assert!(matches!(error, Unfenced::TooLate), "{error}");
    }
}
