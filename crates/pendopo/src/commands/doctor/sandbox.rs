//! The fences around the running server: what it says of them, and what the kernel says.

use std::fs;
use std::path::Path;

use super::report::Report;
use super::server::Running;
use crate::config::Config;
use crate::data_dir;
use crate::sandbox::{ABSENT, FENCES, OFF};

/// What the kernel says of a thread inside.
const INSIDE: [&str; 2] = ["NoNewPrivs:\t1", "Seccomp:\t2"];

pub(super) fn examine(config: &Config, running: Option<&Running>, report: &mut Report) {
    let Some(running) = running else {
        return;
    };
    let mut is_whole = true;
    for name in FENCES {
        match running.fact("sandbox", name) {
            Some(OFF) => report.warn(
                name,
                "not fenced, by `sandbox = \"off\"`: leave the key out, and start the server again",
            ),
            Some(fact) if !fact.starts_with(ABSENT) => {
                report.good(name, fact);
                continue;
            }
            Some(fact) => report.warn(
                name,
                format!("the fence is {fact}; a newer kernel, or a container engine that lets it through, helps"),
            ),
            None => report.warn(name, "the server does not say whether they are fenced"),
        }
        is_whole = false;
    }
    let processes = data_dir::holders(&config.data).into_iter();
    let outside: usize = processes
        .filter_map(|process| threads_outside(&process))
        .sum();
    if is_whole && outside > 0 {
        report.fail(
            "kernel",
            format!("{outside} threads of the server stand outside its fences: start it again"),
        );
    }
}

/// How many threads stand outside; none where this process is not allowed to see them.
fn threads_outside(process: &str) -> Option<usize> {
    let threads = fs::read_dir(Path::new("/proc").join(process).join("task")).ok()?;
    let status = |thread: fs::DirEntry| fs::read_to_string(thread.path().join("status")).ok();
    let states = threads.filter_map(|thread| status(thread.ok()?));
    Some(
        states
            .filter(|state| !INSIDE.iter().all(|line| state.contains(line)))
            .count(),
    )
}
