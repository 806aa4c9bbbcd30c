//! A store that is away: nobody is ended for it, what it keeps is missed, and the rest goes on. What is in a store is there.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::stack::Stack;
use crate::deploy_test::outside::Outside;
use crate::deploy_test::project::PATIENCE;
use crate::deploy_test::wait_for;

/// Longer than it takes until a task that isn't healthy is ended: three questions, ten seconds apart, and their answers.
const LONG: Duration = Duration::from_secs(50);

pub(super) fn check(stack: &Stack<'_>, outside: &Outside) -> Result<()> {
    let token = stack.token()?;
    let ask = |path| outside.run(|| stack.get(path, &token));
    let before = stack.containers("web")?;
    stack.stop_task("redis")?;
    let is_noticed = || Ok(ask("/messages")? == 503);
    wait_for("messages are missed", PATIENCE, is_noticed)?;
    let begun = Instant::now();
    while begun.elapsed() < LONG {
        let people = ask("/users?limit=1")?;
        ensure!(people == 200, "without Redis, people are answered {people}");
        std::thread::sleep(Duration::from_secs(1));
    }
    let after = stack.containers("web")?;
    ensure!(
        before == after,
        "without Redis, tasks were ended: {before:?} became {after:?}"
    );
    stack.scale("redis", 1)?;
    wait_for("messages are back", PATIENCE, || {
        Ok(ask("/messages")? == 200)
    })?;
    let moved = || Ok(entries(stack)? > 0);
    wait_for("the trail is in MongoDB", PATIENCE, moved).map(drop)
}

/// How much of the trail the server itself counts.
fn entries(stack: &Stack<'_>) -> Result<u64> {
    let password = stack.secret("mongo-password")?;
    let words = [
        "mongosh",
        "--quiet",
        "--tls",
        "--tlsCAFile",
        "/run/secrets/mongo-ca",
        "--tlsCertificateKeyFile",
        "/run/secrets/mongo-server",
        "--username",
        "pendopo",
        "--password",
        &password,
        "--eval",
        "db.getSiblingDB('pendopo').audit.countDocuments()",
    ];
    Ok(stack.exec("mongo", &words)?.trim().parse()?)
}
