//! Three replicas of `web`: how requests are spread, and how replicas come and go.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::compose;
use super::outside::{self, CLIENTS, Outside};
use super::project::{PATIENCE, Project};
use super::{say_took, wait_for};
use crate::http::Client;

/// A stopped replica is left out, and a new one taken in, within these times.
const LEFT_OUT_WITHIN: Duration = Duration::from_secs(2);
const TAKEN_IN_WITHIN: Duration = Duration::from_secs(10);
/// How many requests are counted; each client has its share.
const REQUESTS: usize = 36;

/// Requests that each target answered, by the client that sent them.
type Shares = BTreeMap<String, Vec<String>>;

pub(super) fn check(project: &Project<'_>) -> Result<()> {
    let outside = Outside::build()?;
    in_turn(project, &outside)?;
    killed(project, &outside)?;
    stopped(project, &outside)?;
    least_loaded(project, &outside)?;
    by_address(project, &outside)?;
    project.up(&["--scale", "web=1"], &[])
}

/// Three with a balance of their own, once the edge knows them.
fn scale(project: &Project<'_>, outside: &Outside, balance: &str) -> Result<()> {
    project.up(&["--scale", "web=3"], &[("BALANCE", balance)])?;
    let begun = Instant::now();
    let all = || Ok(spread(project, outside)?.len() == 3);
    wait_for("every replica is a target", TAKEN_IN_WITHIN, all)?;
    say_took(&format!("three replicas are targets with {balance}"), begun);
    Ok(())
}

fn in_turn(project: &Project<'_>, outside: &Outside) -> Result<()> {
    scale(project, outside, "round_robin")?;
    let shares = spread(project, outside)?;
    ensure!(
        shares.values().all(|share| share.len() == REQUESTS / 3),
        "round robin spread {REQUESTS} requests as {shares:?}"
    );
    Ok(())
}

/// A replica that is killed costs no request, and is left out; one that comes in its place is taken in.
fn killed(project: &Project<'_>, outside: &Outside) -> Result<()> {
    let victim = project.containers("web")?.pop().context("no replica")?;
    let address = format!("{}:8000", project.address(&victim, "frontend")?);
    project.engine.docker(&["kill", &victim])?;
    leave_out(project, outside, &address)?;
    project.engine.docker(&["start", &victim])?;
    let begun = Instant::now();
    let all = || Ok(spread(project, outside)?.len() == 3);
    wait_for("the new replica is taken in", TAKEN_IN_WITHIN, all)?;
    say_took("a replica that came is taken in", begun);
    Ok(())
}

/// One that is told to stop answers what it has, and then nothing is sent to it.
fn stopped(project: &Project<'_>, outside: &Outside) -> Result<()> {
    let victim = project.containers("web")?.pop().context("no replica")?;
    let address = format!("{}:8000", project.address(&victim, "frontend")?);
    project
        .engine
        .docker(&["kill", "--signal", "TERM", &victim])?;
    leave_out(project, outside, &address)?;
    // Compose takes one that still ends for one that runs.
    let has_ended = || Ok(project.engine.inspect(&victim)?["State"]["Running"] == false);
    wait_for("it ends", PATIENCE, has_ended).map(drop)
}

fn leave_out(project: &Project<'_>, outside: &Outside, address: &str) -> Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < LEFT_OUT_WITHIN {
        spread(project, outside)?;
    }
    let shares = spread(project, outside)?;
    ensure!(
        !shares.contains_key(address),
        "{address} is gone, and asked: {shares:?}"
    );
    Ok(())
}

/// While two are busy, everything goes to the third.
fn least_loaded(project: &Project<'_>, outside: &Outside) -> Result<()> {
    scale(project, outside, "least_conn")?;
    let token = compose::token(project)?;
    let begin = |number| begin_to_post(project.http, number, &token);
    let slow: Vec<Client> = outside.run(|| (0..2).map(begin).collect())?;
    let shares = spread(project, outside)?;
    drop(slow);
    ensure!(
        shares.len() == 1,
        "with two of three busy, requests were spread as {shares:?}"
    );
    Ok(())
}

/// A request whose body does not come for a while; one of a known and small length would be waited for by the edge.
fn begin_to_post(port: u16, number: u8, token: &str) -> Result<Client> {
    let mut client = outside::connect(number, port)?;
    client.send_part(&format!(
        "POST /messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n"
    ))?;
    Ok(client)
}

/// Each client stays with one replica, and every replica has clients.
fn by_address(project: &Project<'_>, outside: &Outside) -> Result<()> {
    scale(project, outside, "ip_hash")?;
    let shares = spread(project, outside)?;
    for number in 0..CLIENTS {
        let client = outside::client(number).to_string();
        let theirs = shares.values().filter(|share| share.contains(&client));
        ensure!(
            theirs.count() == 1,
            "{client} was sent to several: {shares:?}"
        );
    }
    Ok(())
}

/// Who of the clients was answered by which target, by the edge's own log. Every answer must be a good one.
fn spread(project: &Project<'_>, outside: &Outside) -> Result<Shares> {
    let log = project.volume("edge-data")?.join("logs/access.log");
    let before = fs::read_to_string(&log)?.len();
    outside.run(|| {
        for number in (0..CLIENTS).cycle().take(REQUESTS) {
            let answer = outside::connect(number, project.http)?.get("/")?;
            ensure!(
                answer.status == 200,
                "a request was answered {}",
                answer.status
            );
        }
        Ok(())
    })?;
    let mut records = Vec::new();
    wait_for(
        "the requests are in the access log",
        Duration::from_secs(10),
        || {
            let text = fs::read_to_string(&log)?.split_off(before);
            let lines = text.lines().map(serde_json::from_str::<Value>);
            records = lines.collect::<Result<_, _>>()?;
            records.retain(|record| record["status"] == 200);
            Ok(records.len() >= REQUESTS)
        },
    )?;
    let mut shares = Shares::new();
    for record in &records {
        let word = |key: &str| record[key].as_str().unwrap_or_default();
        let target = word("upstream").rsplit('/').next().unwrap_or_default();
        let share = shares.entry(target.to_owned()).or_default();
        share.push(word("client").to_owned());
    }
    Ok(shares)
}
