//! Clients that go on asking and posting, whatever happens behind the front door, and count what they are not answered well.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::stack::Stack;
use crate::deploy_test::outside::{self, CLIENTS, Outside};
use crate::http::Client;

/// How often each client asks: less than its limit, all of them together 60 times a second.
const PAUSE: Duration = Duration::from_millis(200);

/// Every so many requests of a client add somebody.
const POST_EVERY: usize = 4;

#[derive(Default)]
struct Count {
    is_over: AtomicBool,
    good: AtomicUsize,
    /// People that were posted; how many of them were answered with 201.
    added: AtomicUsize,
    /// By which they are posted.
    token: String,
    slowest: Mutex<Duration>,
    faults: Mutex<Vec<String>>,
}

/// Does the work while every client asks; how many were answered, and the slowest answer. One that isn't good is an
/// error.
pub(super) fn under_load(
    stack: &Stack<'_>,
    outside: &Outside,
    work: impl FnOnce() -> Result<()>,
) -> Result<(usize, Duration)> {
    let count = Count {
        token: stack.token()?,
        ..Count::default()
    };
    let before = outside.run(|| people(stack.http, &count.token))?;
    let begun = Instant::now();
    let outcome = thread::scope(|scope| {
        for number in 0..CLIENTS {
            let (count, port) = (&count, stack.http);
            scope.spawn(move || take_part(outside, count, number, port, begun));
        }
        let outcome = work();
        count.is_over.store(true, Ordering::Relaxed);
        outcome
    });
    let after = outside.run(|| people(stack.http, &count.token))?;
    let Count {
        good,
        added,
        slowest,
        faults,
        ..
    } = count;
    let faults = faults.into_inner().unwrap_or_default();
    outcome.map_err(|error| error.context(format!("clients saw {faults:?}")))?;
    ensure!(faults.is_empty(), "clients saw {faults:?}");
    let added = added.into_inner();
    ensure!(
        added > 0 && after == before + added,
        "{added} people were added, and {before} became {after}"
    );
    Ok((good.into_inner(), slowest.into_inner().unwrap_or_default()))
}

/// From the network outside; who can't get there has asked nothing, which is a fault as well.
fn take_part(outside: &Outside, count: &Count, number: u8, port: u16, begun: Instant) {
    let asking = || {
        ask(count, number, port, begun);
        Ok(())
    };
    if let Err(error) = outside.run(asking) {
        count.add_fault(format!("client {number} is not outside: {error:#}"));
    }
}

impl Count {
    fn add_fault(&self, fault: String) {
        self.faults.lock().expect("no client panics").push(fault);
    }
}

/// Every other client keeps its connection.
fn ask(count: &Count, number: u8, port: u16, begun: Instant) {
    let mut kept = None;
    for turn in 0.. {
        if count.is_over.load(Ordering::Relaxed) {
            return;
        }
        let asked = Instant::now();
        let posted =
            (turn % POST_EVERY == POST_EVERY - 1).then(|| post(number, turn, &count.token));
        match exchange(&mut kept, number, port, posted.as_deref()) {
            Ok(200) if posted.is_none() => {
                count.good.fetch_add(1, Ordering::Relaxed);
            }
            Ok(201) if posted.is_some() => {
                count.good.fetch_add(1, Ordering::Relaxed);
                count.added.fetch_add(1, Ordering::Relaxed);
            }
            other => {
                kept = None;
                count.add_fault(format!("after {:?}: {other:?}", begun.elapsed()));
            }
        }
        let mut slowest = count.slowest.lock().expect("no client panics");
        *slowest = asked.elapsed().max(*slowest);
        drop(slowest);
        thread::sleep(PAUSE);
    }
}

/// Somebody new, under a key by which they are added once however often this is sent.
fn post(number: u8, turn: usize, token: &str) -> String {
    let body = format!("{{\"first_name\":\"Client {number}\",\"last_name\":\"Turn {turn}\"}}");
    format!(
        "POST /user HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Idempotency-Key: client-{number}-turn-{turn}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn people(port: u16, token: &str) -> Result<usize> {
    let mut client = outside::connect(0, port)?;
    client.authorize(&format!("Bearer {token}"));
    let answer = client.get("/users?limit=1")?;
    let page: serde_json::Value = serde_json::from_slice(&answer.body)?;
    let total = page["total"].as_u64();
    Ok(usize::try_from(
        total.context("a page of people has a total")?,
    )?)
}

fn exchange(kept: &mut Option<Client>, number: u8, port: u16, posted: Option<&str>) -> Result<u16> {
    let mut client = match kept.take() {
        Some(client) => client,
        None => outside::connect(number, port)?,
    };
    let answer = match posted {
        None => client.get("/")?,
        Some(request) => {
            client.send_part(request)?;
            client.read()?
        }
    };
    if number.is_multiple_of(2) && answer.header("connection") != Some("close") {
        *kept = Some(client);
    }
    Ok(answer.status)
}
