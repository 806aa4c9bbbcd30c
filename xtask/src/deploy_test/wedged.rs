//! A process with a thread that hangs ends by itself, since Compose starts only what has ended.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};

use super::project::{PATIENCE, Project};
use super::{say_took, wait_for};

/// Stops one thread of another process and holds it, as nothing but a debugger can.
const HOLD: &str = "
import ctypes, os, sys
ptrace = ctypes.CDLL(None, use_errno=True).ptrace
ptrace.argtypes = [ctypes.c_ulong] * 4
for request in (0x4206, 0x4207):
    if ptrace(request, int(sys.argv[1]), 0, 0) != 0:
        sys.exit(f'ptrace: {ctypes.get_errno()}')
while os.WIFSTOPPED(os.waitpid(int(sys.argv[1]), 0x40000000)[1]):
    pass
";

pub(super) fn check(project: &Project<'_>) -> Result<()> {
    let web = project.container("web")?;
    let before = project.engine.pid(&web)?;
    let begun = Instant::now();
    let mut holder = hold(&worker(before)?)?;
    let is_new = || {
        let told = project.engine.inspect(&web)?;
        let pid = told["State"]["Pid"].as_u64().unwrap_or(before);
        Ok(pid != 0 && pid != before && told["State"]["Health"]["Status"] == "healthy")
    };
    let outcome = wait_for(
        "the wedged `web` ends, is started again and is healthy",
        PATIENCE,
        is_new,
    );
    // It ends with what it holds; one that holds still is not needed any more.
    let _ = holder.kill();
    holder.wait()?;
    outcome?;
    say_took("a wedged `web` is back", begun);
    let answer = project.client()?.get("/")?;
    anyhow::ensure!(
        answer.status == 200,
        "then a request was answered {}",
        answer.status
    );
    Ok(())
}

/// A thread that answers requests.
fn worker(pid: u64) -> Result<String> {
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let task = task?;
        if fs::read_to_string(task.path().join("comm"))?.trim() == "edge-0" {
            return Ok(task.file_name().to_string_lossy().into_owned());
        }
    }
    Err(anyhow::anyhow!("process {pid} has no thread `edge-0`"))
}

fn hold(thread: &str) -> Result<Child> {
    Command::new("python3")
        .args(["-c", HOLD, thread])
        .stdin(Stdio::null())
        .spawn()
        .context("python3 did not start")
}
