//! The access log in a volume of its own: who follows it sees each request, and can change nothing.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::project::Project;
use super::wait_for;

/// From the answer until it stands in the log.
const AT_ONCE: Duration = Duration::from_secs(5);

pub(super) fn check(project: &Project<'_>) -> Result<()> {
    let reader = project.container("log-reader")?;
    let path = "/health?seen-by=the-reader";
    project.client()?.get(path)?;
    let is_seen = || Ok(project.engine.said(&reader)?.contains("the-reader"));
    wait_for("the reader sees the request", AT_ONCE, is_seen)?;
    let write = ["exec", &reader, "touch", "/logs/access.log"];
    let complaint = project.engine.docker_refuses(&write)?;
    ensure!(complaint.contains("Read-only"), "{complaint}");
    let keys = ["exec", &reader, "ls", "/data"];
    project.engine.docker_refuses(&keys)?;
    Ok(())
}
