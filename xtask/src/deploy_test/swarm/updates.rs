//! Updates, scaling, going back and a killed task, while clients go on asking.

use std::time::Instant;

use anyhow::{Result, ensure};

use super::load::under_load;
use super::stack::Stack;
use crate::deploy_test::image;
use crate::deploy_test::outside::Outside;
use crate::deploy_test::project::PATIENCE;
use crate::deploy_test::{say_took, wait_for};
use crate::program::say;

type Step = (&'static str, fn(&Stack<'_>) -> Result<()>);

const STEPS: &[Step] = &[
    ("scaled to three", |stack| stack.scale("web", 3)),
    ("a task was killed", killed),
    ("every task was replaced by a new one", renewed),
    ("a new version was put in force and taken back", taken_back),
    (
        "a version that can't start was taken back by itself",
        failed,
    ),
    (
        "a version that never gets well was taken back by itself",
        unwell,
    ),
    ("scaled to two", |stack| stack.scale("web", 2)),
];

pub(super) fn check(stack: &Stack<'_>, outside: &Outside) -> Result<()> {
    let work = || {
        for (name, step) in STEPS {
            let begun = Instant::now();
            step(stack).map_err(|error| error.context(format!("while {name}")))?;
            say_took(name, begun);
        }
        Ok(())
    };
    let (answered, slowest) = under_load(stack, outside, work)?;
    say(&format!(
        "   {answered} requests were answered meanwhile, none badly, the slowest after {slowest:.1?}"
    ));
    Ok(())
}

/// Another one takes its place.
fn killed(stack: &Stack<'_>) -> Result<()> {
    let victim = stack.container("web")?;
    stack.engine.docker(&["kill", &victim])?;
    let is_replaced = || {
        let there = stack.containers("web")?;
        Ok(there.len() == 3 && !there.contains(&victim))
    };
    wait_for("a new task takes its place", PATIENCE, is_replaced)?;
    stack.wait_until_well()
}

fn renewed(stack: &Stack<'_>) -> Result<()> {
    let before = stack.containers("web")?;
    stack.change("update", &["--force"], "web")?;
    ends_as(stack, "completed")?;
    let after = stack.containers("web")?;
    ensure!(
        after.iter().all(|id| !before.contains(id)),
        "some tasks stayed"
    );
    stack.wait_until_well()
}

fn taken_back(stack: &Stack<'_>) -> Result<()> {
    let add = ["--env-add", "PENDOPO_LANGUAGE=en"];
    stack.change("update", &add, "web")?;
    ends_as(stack, "completed")?;
    ensure!(has_language(stack)?, "the new version is not in force");
    stack.change("rollback", &[], "web")?;
    ends_as(stack, "rollback_completed")?;
    ensure!(!has_language(stack)?, "the old version is not back");
    stack.wait_until_well()
}

fn has_language(stack: &Stack<'_>) -> Result<bool> {
    let spec = stack.inspect("web")?["Spec"]["TaskTemplate"]["ContainerSpec"].to_string();
    Ok(spec.contains("PENDOPO_LANGUAGE"))
}

/// It runs, and waits for a database that is nowhere.
fn unwell(stack: &Stack<'_>) -> Result<()> {
    let elsewhere = "PENDOPO_STORE__RECORDS=postgres://pendopo@nowhere/pendopo";
    stack.change("update", &["--env-add", elsewhere], "web")?;
    ends_as(stack, "rollback_completed")?;
    let spec = stack.inspect("web")?["Spec"]["TaskTemplate"]["ContainerSpec"].to_string();
    ensure!(!spec.contains("nowhere"), "it is to be: {spec}");
    stack.wait_until_well()
}

/// In that image there is no such program.
fn failed(stack: &Stack<'_>) -> Result<()> {
    let bad = ["--no-resolve-image", "--image", image::SHELL];
    stack.change("update", &bad, "web")?;
    ends_as(stack, "rollback_completed")?;
    let spec = stack.inspect("web")?["Spec"]["TaskTemplate"]["ContainerSpec"].clone();
    ensure!(
        spec["Image"] == image::name(),
        "the image is {}",
        spec["Image"]
    );
    stack.wait_until_well()
}

/// How the update that goes on ends.
fn ends_as(stack: &Stack<'_>, state: &str) -> Result<()> {
    let is_so = || Ok(stack.inspect("web")?["UpdateStatus"]["State"] == state);
    wait_for(&format!("the update is {state}"), PATIENCE * 3, is_so).map(drop)
}
