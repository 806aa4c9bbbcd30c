//! Where Debian puts the programs, and how they run as somebody who is not root.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::yield_now;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use crate::daemon::PATIENCE;

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

/// The program as the server's user; it ends with the thread that starts it, and gives back what it shares.
pub(super) fn as_server(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
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

/// The processes that this one started.
pub(super) fn children(of: u32) -> Vec<Pid> {
    let list = std::fs::read_to_string(format!("/proc/{of}/task/{of}/children"));
    let list = list.expect("the kernel lists children");
    let numbers = list.split_whitespace().filter_map(|word| word.parse().ok());
    numbers.filter_map(Pid::from_raw).collect()
}

/// Kills a process, which may have ended, and waits until it has.
pub(super) fn kill(process: Pid) {
    let place = format!("/proc/{}/stat", process.as_raw_pid());
    let is_there = || {
        let stat = std::fs::read_to_string(&place).unwrap_or_default();
        let state = stat
            .rsplit_once(") ")
            .map(|(_, rest)| rest.starts_with(['Z', 'X']));
        state == Some(false)
    };
    let begun = Instant::now();
    while is_there() {
        let _ = kill_process(process, Signal::KILL);
        assert!(begun.elapsed() < PATIENCE, "{process:?} does not end");
        yield_now();
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
