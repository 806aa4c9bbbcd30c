//! What is done once when it is asked for: the migration, or a backup.

use anyhow::{Result, ensure};

use super::stack::{NAME, Stack};
use crate::deploy_test::outside::Outside;
use crate::deploy_test::project::PATIENCE;
use crate::deploy_test::wait_for;

pub(super) fn check(stack: &Stack<'_>, _outside: &Outside) -> Result<()> {
    run(stack, "migrate")?;
    run(stack, "backup")?;
    let kept = stack.volume("backups")?.read_dir()?;
    let names = kept.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let made = names.filter(|name| name.ends_with(".tar.zst")).count();
    ensure!(made > 0, "there is no backup in the volume `backups`");
    Ok(())
}

/// As the documents say: scaled to one it runs, and once more when it is updated by force.
pub(in crate::deploy_test) fn run(stack: &Stack<'_>, job: &str) -> Result<()> {
    ensure!(completed(stack, job)? == 0, "`{job}` ran unasked");
    let wanted = format!("{NAME}_{job}=1");
    let scale = ["service", "scale", "--detach", &wanted];
    stack.engine.docker(&scale)?;
    wait_for(&format!("`{job}` completes"), PATIENCE, || {
        Ok(completed(stack, job)? == 1)
    })?;
    stack.change("update", &["--force"], job)?;
    wait_for(&format!("`{job}` completes again"), PATIENCE, || {
        Ok(completed(stack, job)? == 2)
    })?;
    ensure!(stack.containers(job)?.is_empty(), "`{job}` runs on");
    Ok(())
}

/// How many tasks of a job came to a good end.
fn completed(stack: &Stack<'_>, job: &str) -> Result<usize> {
    let name = format!("{NAME}_{job}");
    let words = ["service", "ps", "--format", "{{.CurrentState}}", &name];
    let told = stack.engine.docker(&words)?;
    Ok(told
        .lines()
        .filter(|state| state.starts_with("Complete"))
        .count())
}
