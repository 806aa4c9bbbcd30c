//! Where Debian puts the programs, and how they run as somebody who is not root.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Whom Debian made for the server, which refuses to run as root.
const OWNER: &str = "postgres";

/// A program of the newest PostgreSQL here, or of the system.
pub(super) fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut versions: Vec<PathBuf> = versions.flatten().map(|version| version.path()).collect();
    versions.sort();
    let newest = versions.pop().map(|version| version.join("bin"));
    let places = newest
        .into_iter()
        .chain(["/usr/bin", "/usr/sbin"].map(PathBuf::from));
    let found = places
        .map(|place| place.join(name))
        .find(|path| path.exists());
    found.unwrap_or_else(|| {
        panic!(
            "`{name}` is missing: run `cargo xtask test`, or install the Debian packages `postgresql` and `pgbouncer`"
        )
    })
}

/// The program as the server's user; it ends with the thread that starts it.
pub(super) fn as_server(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if is_root() {
        command.args(["--reuid", OWNER, "--regid", OWNER, "--clear-groups"]);
    }
    command.arg("--").arg(program);
    command
}

/// Makes the server's user the owner of what stands here.
pub(super) fn give_to_server(path: &Path) {
    if is_root() {
        let owner = format!("{OWNER}:{OWNER}");
        super::run(Command::new("chown").args(["-R", &owner]).arg(path));
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
