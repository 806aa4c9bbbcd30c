//! One command starts everything; what was written outlives the containers.

use anyhow::{Result, ensure};
use serde_json::json;

use super::project::{PATIENCE, Project};
use super::{say_took, wait_for};

const TEXT: &str = "it outlives its container";

pub(super) fn check(project: &Project<'_>) -> Result<()> {
    let health = project.client()?.get("/health")?;
    ensure!(
        health.status == 200,
        "/health is answered {}",
        health.status
    );
    log_is_copied(project)?;
    let token = token(project)?;
    let mut client = project.client()?;
    client.authorize(&format!("Bearer {token}"));
    client.post("/messages", &json!({ "message": TEXT }))?;
    let user = add_user(project)?;
    project.down(&[])?;
    ensure!(
        project.containers("")?.is_empty(),
        "containers are left after `down`"
    );
    let begun = std::time::Instant::now();
    project.up(&[], &[])?;
    say_took("down, and up again until everything is healthy", begun);
    let page = project.client()?.get("/")?;
    let page = String::from_utf8_lossy(&page.body).into_owned();
    ensure!(page.contains(TEXT), "the message is gone: {page}");
    let mut client = project.client()?;
    client.authorize(&format!("Bearer {token}"));
    let found = client.get(&user)?;
    ensure!(found.status == 200, "{user} is answered {}", found.status);
    Ok(())
}

/// There is no shell by which the access log could be read in the container.
fn log_is_copied(project: &Project<'_>) -> Result<()> {
    let from = format!("{}:/data/logs/access.log", project.container("edge")?);
    let is_there = || {
        Ok(project
            .engine
            .docker(&["cp", &from, "-"])?
            .contains("/health"))
    };
    wait_for("the copied access log has the request", PATIENCE, is_there).map(drop)
}

/// Adds somebody; the path of them.
pub(super) fn add_user(project: &Project<'_>) -> Result<String> {
    let mut client = project.client()?;
    client.authorize(&format!("Bearer {}", token(project)?));
    let name = json!({ "first_name": "Budi", "last_name": "Kept" });
    let user = client.post("/user", &name)?;
    Ok(format!("/user/{}", user["id"]))
}

/// A token that may write.
pub(super) fn token(project: &Project<'_>) -> Result<String> {
    project.engine.token(&project.container("web")?)
}
