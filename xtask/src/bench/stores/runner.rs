//! A server of Debian's on a disk, whatever `/tmp` is: run as the user that Debian made for it, and removed in the end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::program;

/// A folder of a server; dropping it removes it.
pub(super) struct Place(PathBuf);

impl Place {
    /// An empty one, which this user owns.
    pub(super) fn of(user: &str) -> Result<Self> {
        let place = PathBuf::from(format!(
            "/var/tmp/pendopo-bench-{user}-{}",
            std::process::id()
        ));
        fs::create_dir(&place).with_context(|| format!("creating {}", place.display()))?;
        if is_root() {
            program::run(Command::new("chown").arg(user).arg(&place))?;
        }
        Ok(Self(place))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            program::complain(&format!("{} stays behind: {error}", self.0.display()));
        }
    }
}

/// A program as this user, where the caller may choose.
pub(super) fn as_user(user: &str, program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", user, "--regid", user, "--clear-groups", "--"]);
    command.arg(program);
    command
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
