//! Clients that go on asking, whatever happens behind the front door, and count what they are not answered well.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::stack::Stack;
use crate::deploy_test::outside::{self, CLIENTS, Outside};
use crate::http::Client;

/// How often each client asks: less than its limit, all of them together 60 times a second.
const PAUSE: Duration = Duration::from_millis(200);

#[derive(Default)]
struct Count {
    is_over: AtomicBool,
    good: AtomicUsize,
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
    let count = Count::default();
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
    let Count {
        good,
        slowest,
        faults,
        ..
    } = count;
    let faults = faults.into_inner().unwrap_or_default();
    outcome.map_err(|error| error.context(format!("clients saw {faults:?}")))?;
    ensure!(faults.is_empty(), "clients saw {faults:?}");
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
    while !count.is_over.load(Ordering::Relaxed) {
        let asked = Instant::now();
        match exchange(&mut kept, number, port) {
            Ok(200) => {
                count.good.fetch_add(1, Ordering::Relaxed);
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

fn exchange(kept: &mut Option<Client>, number: u8, port: u16) -> Result<u16> {
    let mut client = match kept.take() {
        Some(client) => client,
        None => outside::connect(number, port)?,
    };
    let answer = client.get("/")?;
    if number.is_multiple_of(2) && answer.header("connection") != Some("close") {
        *kept = Some(client);
    }
    Ok(answer.status)
}
