//! From Compose to Swarm on one machine: their volumes are apart, and a backup moves what is in them.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::engine::Engine;
use super::outside::Outside;
use super::project::Project;
use super::swarm::{Stack, run_job};
use super::{compose, image};
use crate::program::say;

pub(super) fn check(root: &Path, engine: &Engine) -> Result<()> {
    say("── from compose.yaml to stack.yaml on SQLite");
    let outside = Outside::build()?;
    let project = Project::start(root, engine, &["compose.yaml"])?;
    let user = compose::add_user(&project)?;
    let web = project.container("web")?;
    engine.docker(&["exec", &web, "/pendopo", "backup", "create"])?;
    let backups = project.volume("web-data")?.join("backups");
    let stack = Stack::deploy(root, engine, &[])?;
    run_job(&stack, "backup")?;
    let found = found(&stack, &outside, &user)?;
    ensure!(found == 404, "in the new stack {user} is answered {found}");
    stack.stop("web")?;
    let newest = newest(&backups)?;
    restore(engine, &backups, &newest, &stack.volume_name("web-data"))?;
    stack.scale("web", 1)?;
    let found = self::found(&stack, &outside, &user)?;
    ensure!(found == 200, "after the move {user} is answered {found}");
    Ok(())
}

fn found(stack: &Stack<'_>, outside: &Outside, user: &str) -> Result<u16> {
    let token = stack.token()?;
    outside.run(|| stack.get(user, &token))
}

fn newest(backups: &Path) -> Result<String> {
    let entries = backups.read_dir().context("where the backups are")?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let archives = names.filter(|name| name.ends_with(".tar.zst"));
    archives.max().context("there is no backup")
}

/// As the documents say: the program's own container, with the one volume to write and the backup to read.
fn restore(engine: &Engine, backups: &Path, name: &str, volume: &str) -> Result<()> {
    let from = format!("{}:/from:ro", backups.display());
    let to = format!("{volume}:/data");
    let file = format!("/from/{name}");
    let words = [
        "run",
        "--rm",
        "--network=none",
        "--volume",
        &from,
        "--volume",
        &to,
    ];
    let image = image::name();
    engine
        .docker(&[&words[..], &[&image, "backup", "restore", &file]].concat())
        .map(drop)
}
