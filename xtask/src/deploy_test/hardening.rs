//! What every container and every process in one has given up.

use std::fs;

use anyhow::{Result, ensure};
use serde_json::json;

use super::engine::Engine;
use super::project::Project;
use crate::program::say;

/// What the kernel says of a process that can gain nothing: no capabilities, and both fences.
const INSIDE: [&str; 4] = [
    "CapEff:\t0000000000000000",
    "CapBnd:\t0000000000000000",
    "NoNewPrivs:\t1",
    "Seccomp:\t2",
];

pub(super) fn check(project: &Project<'_>) -> Result<()> {
    for service in ["edge", "web"] {
        let id = project.container(service)?;
        let told = project.engine.inspect(&id)?;
        let host = &told["HostConfig"];
        for (key, wanted) in [
            ("ReadonlyRootfs", json!(true)),
            ("CapDrop", json!(["ALL"])),
            ("Privileged", json!(false)),
            ("SecurityOpt", json!(["no-new-privileges:true"])),
        ] {
            ensure!(host[key] == wanted, "{service}: {key} is {}", host[key]);
        }
        for limit in ["Memory", "NanoCpus", "PidsLimit"] {
            ensure!(host[limit].as_i64() > Some(0), "{service} has no {limit}");
        }
        ensure!(
            host["LogConfig"]["Config"]["max-size"].is_string(),
            "{service}: its log grows"
        );
        ensure!(
            host["RestartPolicy"]["Name"] == "unless-stopped",
            "{service} stays down"
        );
        processes(project.engine, service, &id)?;
        fences(project, service, &id)?;
    }
    ports(project)
}

/// Of every thread of a container's process.
pub(super) fn processes(engine: &Engine, service: &str, id: &str) -> Result<()> {
    let pid = engine.pid(id)?;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let status = fs::read_to_string(task?.path().join("status"))?;
        for line in INSIDE {
            ensure!(
                status.contains(line),
                "{service}: a thread has not {line}: {status}"
            );
        }
        ensure!(
            status.contains("Uid:\t65532\t"),
            "{service} runs as another user"
        );
    }
    Ok(())
}

/// What `pendopo doctor` says of the fences; the engine may hide Landlock, which is then told.
fn fences(project: &Project<'_>, service: &str, id: &str) -> Result<()> {
    let told = project
        .engine
        .docker(&["exec", id, "/pendopo", "doctor"])
        .unwrap_or_else(|error| format!("{error:#}"));
    let is_of = |line: &&str, name: &str| line.get(6..).is_some_and(|rest| rest.starts_with(name));
    for fence in ["new privileges ", "files ", "system calls "] {
        let line = told.lines().find(|line| is_of(line, fence));
        ensure!(
            line.is_some(),
            "{service}: doctor says nothing of {fence}: {told}"
        );
        say(&format!("   {service}: {}", line.unwrap_or_default()));
    }
    ensure!(!told.contains("stand outside"), "{service}: {told}");
    Ok(())
}

/// Nobody but the edge can be reached from outside.
fn ports(project: &Project<'_>) -> Result<()> {
    let web = project.engine.inspect(&project.container("web")?)?;
    let published = web["HostConfig"]["PortBindings"]
        .as_object()
        .map_or(0, serde_json::Map::len);
    ensure!(published == 0, "`web` publishes ports");
    Ok(())
}
