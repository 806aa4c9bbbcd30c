//! Ports in host mode: the edge sees who asks, and the limit by address holds for each client alone.

use std::fs;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::stack::Stack;
use crate::deploy_test::outside::{self, CLIENTS, Outside};
use crate::deploy_test::wait_for;

/// More than the burst that a client may have.
const FLOOD: usize = 90;

pub(super) fn check(stack: &Stack<'_>, outside: &Outside) -> Result<()> {
    let (answers, other) = outside.run(|| {
        let mut answers = Vec::new();
        for number in 1..CLIENTS {
            outside::connect(number, stack.http)?.get("/")?;
        }
        let mut greedy = outside::connect(0, stack.http)?;
        let begin = || -> Result<Vec<_>> { (0..FLOOD).map(|_| flood(stack.http)).collect() };
        for mut client in begin()? {
            answers.push(client.read()?.status);
        }
        answers.push(greedy.get("/")?.status);
        Ok((answers, outside::connect(1, stack.http)?.get("/")?.status))
    })?;
    let refused = answers.iter().filter(|status| **status == 429).count();
    let good = answers.iter().filter(|status| **status == 200).count();
    ensure!(
        refused > 0 && good >= 40 && refused + good == answers.len(),
        "{FLOOD} requests of one client at once were answered {answers:?}"
    );
    ensure!(other == 200, "another client was answered {other}");
    told_apart(stack)
}

fn flood(port: u16) -> Result<crate::http::Client> {
    let mut client = outside::connect(0, port)?;
    client.send_part("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    Ok(client)
}

/// Each client stands in the access log by its own address.
fn told_apart(stack: &Stack<'_>) -> Result<()> {
    let log = stack.volume("edge-data")?.join("logs/access.log");
    let all = || {
        let text = fs::read_to_string(&log)?;
        let records = text.lines().map(serde_json::from_str::<Value>);
        let records: Vec<Value> = records.collect::<Result<_, _>>()?;
        let is_there = |number| {
            let address = outside::client(number).to_string();
            records.iter().any(|record| record["client"] == address)
        };
        Ok((0..CLIENTS).all(is_there))
    };
    let patience = Duration::from_secs(10);
    wait_for("every client stands in the access log", patience, all).map(drop)
}
