//! The stack that `pendopo render stack` writes, in a swarm of one node.

mod addresses;
mod jobs;
mod load;
mod rotation;
mod stack;
mod stores;
mod updates;

use std::path::Path;

use anyhow::{Result, ensure};

use super::engine::Engine;
use super::hardening;
use super::must_be_true;
use super::outside::Outside;
use crate::program::say;
pub(super) use jobs::run as run_job;
pub(super) use stack::Stack;

type Check = (&'static str, fn(&Stack<'_>, &Outside) -> Result<()>);

/// In this order: each takes the stack as the one before left it, two `web` and one of everything else.
const CHECKS: &[Check] = &[
    ("nothing of the stack is ignored", everything_is_obeyed),
    ("processes close themselves in", processes),
    ("each service says how it is", is_told),
    (
        "the edge knows its clients and limits each by itself",
        addresses::check,
    ),
    ("a job runs when it is asked for, and again", jobs::check),
    (
        "versions and replicas come and go under load",
        updates::check,
    ),
    ("a store that is away ends nobody", stores::check),
    ("configuration and secrets are replaced", rotation::check),
    ("data outlives the stack", data_is_kept),
];

pub(super) fn check(root: &Path, engine: &Engine) -> Result<()> {
    say("── stack.yaml");
    let outside = Outside::build()?;
    let stack = Stack::deploy(
        root,
        engine,
        &["--postgres", "--redis", "--mongo", "--web", "2"],
    )?;
    for (name, check) in CHECKS {
        must_be_true(name, || stack.logs(), || check(&stack, &outside))?;
    }
    Ok(())
}

fn everything_is_obeyed(stack: &Stack<'_>, _outside: &Outside) -> Result<()> {
    let told = stack.told().to_lowercase();
    for word in ["ignor", "unsupported", "deprecated"] {
        ensure!(!told.contains(word), "`docker stack deploy` said: {told}");
    }
    let engine = stack.engine;
    for (service, replicas) in [
        ("edge", 1),
        ("web", 2),
        ("postgres", 1),
        ("redis", 1),
        ("mongo", 1),
    ] {
        let spec = stack.inspect(service)?["Spec"].clone();
        ensure!(
            spec["EndpointSpec"]["Mode"] == "dnsrr",
            "{service} has one address for all"
        );
        let containers = stack.containers(service)?;
        ensure!(
            containers.len() == replicas,
            "{service} has {} tasks",
            containers.len()
        );
        for id in containers {
            let host = engine.inspect(&id)?["HostConfig"].clone();
            ensure!(host["ReadonlyRootfs"] == true, "{service} can be written");
            for limit in ["Memory", "NanoCpus", "PidsLimit"] {
                ensure!(host[limit].as_i64() > Some(0), "{service} has no {limit}");
            }
        }
    }
    Ok(())
}

/// Swarm drops `security_opt`, so that each role does without new privileges by itself.
fn processes(stack: &Stack<'_>, _outside: &Outside) -> Result<()> {
    for service in ["edge", "web"] {
        for id in stack.containers(service)? {
            hardening::processes(stack.engine, service, &id)?;
        }
    }
    Ok(())
}

/// What those ask who look after it: the lines of every task, and what a service is to be.
fn is_told(stack: &Stack<'_>, _outside: &Outside) -> Result<()> {
    let logs = stack.ask("web", &["logs", "--raw"])?;
    let ready = logs.matches("is ready.").count();
    ensure!(ready == 2, "{ready} of two say that they are ready: {logs}");
    let told = stack.ask("web", &["inspect", "--pretty"])?;
    for word in [
        "Replicas:\t2",
        "start-first",
        "rollback",
        "/etc/pendopo.toml",
    ] {
        ensure!(told.contains(word), "nothing is told of {word}: {told}");
    }
    Ok(())
}

fn data_is_kept(stack: &Stack<'_>, outside: &Outside) -> Result<()> {
    let token = stack.token()?;
    let user = outside.run(|| stack.add_user(&token))?;
    stack.remove()?;
    stack.deploy_again(&[])?;
    let found = outside.run(|| stack.get(&user, &token))?;
    ensure!(found == 200, "{user} is answered {found}");
    Ok(())
}
