//! A process one of whose threads hangs ends by itself.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::tempdir;

use crate::server::{Server, get};

/// Stops one thread of another process and holds it, as nothing but a debugger can.
const HOLD: &str = r#"
import ctypes, os, sys
ptrace = ctypes.CDLL(None, use_errno=True).ptrace
ptrace.argtypes = [ctypes.c_ulong] * 4
SEIZE, INTERRUPT = 0x4206, 0x4207
for request in (SEIZE, INTERRUPT):
    if ptrace(request, int(sys.argv[1]), 0, 0) != 0:
        sys.exit(f"ptrace: {ctypes.get_errno()}")
# First it is told of as stopped; a dead one stays until its holder has heard of it.
ALL = 0x40000000
while os.WIFSTOPPED(os.waitpid(int(sys.argv[1]), ALL)[1]):
    pass
"#;

/// The thread of this name.
fn thread(server: &Server, name: &str) -> String {
    let tasks = fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap();
    let is_named = |task: &fs::DirEntry| {
        fs::read_to_string(task.path().join("comm")).is_ok_and(|comm| comm.trim() == name)
    };
    let found = tasks.map(Result::unwrap).find(is_named);
    found.unwrap().file_name().into_string().unwrap()
}

#[test]
fn a_process_with_a_thread_that_hangs_ends_and_says_which() {
    let directory = tempdir().unwrap();
    let server = Server::start(directory.path(), &["--set", "watchdog=2s"]);
    assert_eq!(server.http().exchange(get("/health", "")).status, 200);
    let begun = Instant::now();
    let mut holder = Command::new("python3")
        .args(["-c", HOLD, &thread(&server, "edge-0")])
        .spawn()
        .unwrap();
    // SIGABRT, not an exit code.
    assert_eq!(server.code(), None, "{}", server.log());
    assert!(begun.elapsed() < Duration::from_secs(30));
    server.await_log("`edge-0` is stuck: the process ends");
    assert!(holder.wait().unwrap().success());
}
