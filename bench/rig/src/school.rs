//! A school at work: so many users, each with an address, an account, a connection and a timetable of its own.
//!
//! The model is open. A user acts every ten seconds by a timetable that no answer changes, and an act's time counts
//! from its planned moment: whoever had to wait for the act before counts that wait as well.

mod timetable;
mod visitor;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsConnector;

use crate::client::{Exchange, tls};
use timetable::{Act, Timetable};
use visitor::Visitor;

/// So much of the beginning is not counted.
const WARM_UP: Duration = Duration::from_secs(1);

/// Connections that are opened at a time before the timetables begin.
const OPENED_AT_ONCE: usize = 64;

/// An act that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Args)]
pub(crate) struct School {
    address: SocketAddr,
    /// The root to trust
    #[arg(long)]
    authority: PathBuf,
    #[arg(long)]
    users: u32,
    #[arg(long)]
    seconds: u64,
    /// Everybody's, from `siswa1` on; who has a session at the beginning has their number in 43 digits as its secret
    #[arg(long)]
    password: String,
}

/// The server, as every user knows it.
struct Server {
    address: SocketAddr,
    connector: TlsConnector,
    password: String,
}

/// When the timetables begin and end.
#[derive(Clone, Copy)]
struct Term {
    begun: Instant,
    until: Instant,
}

/// What came of one act, after this time.
struct Done {
    act: Act,
    time: Duration,
    outcome: Result<()>,
}

/// Says `connected` when everybody is there, and at the end how long each kind of act took.
pub(crate) fn run(school: &School) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let server = Rc::new(Server {
        address: school.address,
        connector: TlsConnector::from(Arc::new(tls(&school.authority, Exchange::Hybrid)?)),
        password: school.password.clone(),
    });
    let done = LocalSet::new().block_on(&runtime, async {
        let users = gather(&server, school.users).await?;
        writeln!(std::io::stdout(), "connected")?;
        let begun = Instant::now();
        let until = begun + WARM_UP + Duration::from_secs(school.seconds);
        attend(users, Term { begun, until }).await
    })?;
    let mut out = std::io::stdout();
    if let Some((act, error)) = failures(&done).next() {
        writeln!(out, "the first failure, {act:?}: {error:#}")?;
    }
    writeln!(out, "{}", told(&done, school.seconds))?;
    Ok(())
}

/// Everybody, with an open connection unless they begin by signing in.
async fn gather(server: &Rc<Server>, users: u32) -> Result<Vec<(Visitor, Timetable)>> {
    let (doors, mut opening) = (Rc::new(Semaphore::new(OPENED_AT_ONCE)), JoinSet::new());
    for number in 1..=users {
        let (server, doors) = (Rc::clone(server), Rc::clone(&doors));
        opening.spawn_local(async move {
            let _door = doors.acquire().await?;
            let timetable = Timetable::of(number);
            let mut visitor = Visitor::new(server, number);
            if !timetable.begins_with_a_visit() {
                visitor.connect().await?;
            }
            Ok::<_, anyhow::Error>((visitor, timetable))
        });
    }
    let mut gathered = Vec::new();
    while let Some(opened) = opening.join_next().await {
        gathered.push(opened?.context("opening the connections")?);
    }
    Ok(gathered)
}

/// Everybody keeps to their timetable until the end of term.
async fn attend(users: Vec<(Visitor, Timetable)>, term: Term) -> Result<Vec<Done>> {
    let mut attending = JoinSet::new();
    for (visitor, timetable) in users {
        attending.spawn_local(keep(visitor, timetable, term));
    }
    let mut done = Vec::new();
    while let Some(own) = attending.join_next().await {
        done.extend(own?);
    }
    Ok(done)
}

async fn keep(mut visitor: Visitor, timetable: Timetable, term: Term) -> Vec<Done> {
    let mut done = Vec::new();
    for (after, act) in timetable {
        let moment = term.begun + after;
        if moment >= term.until {
            break;
        }
        sleep_until(moment).await;
        let outcome = timeout(PATIENCE, visitor.act(act)).await;
        let outcome = outcome.context("it took too long").flatten();
        if after >= WARM_UP {
            done.push(Done {
                act,
                time: moment.elapsed(),
                outcome,
            });
        }
    }
    done
}

fn failures(done: &[Done]) -> impl Iterator<Item = (Act, &anyhow::Error)> {
    done.iter()
        .filter_map(|done| Some((done.act, done.outcome.as_ref().err()?)))
}

/// One line of JSON.
fn told(done: &[Done], seconds: u64) -> String {
    let kinds = [Act::SIGN_IN, Act::READ, Act::POST].map(|(name, is_it)| {
        let mut times: Vec<Duration> = done
            .iter()
            .filter(|done| is_it(done.act))
            .map(|done| done.time)
            .collect();
        times.sort_unstable();
        let (p50, p99) = (at(&times, 50), at(&times, 99));
        let count = times.len();
        format!("\"{name}\":{{\"count\":{count},\"p50_us\":{p50},\"p99_us\":{p99}}}")
    });
    format!(
        "{{{},\"failed\":{},\"duration_us\":{}}}",
        kinds.join(","),
        failures(done).count(),
        seconds * 1_000_000,
    )
}

/// In microseconds.
fn at(times: &[Duration], percent: usize) -> u128 {
    let place = (times.len() * percent / 100).min(times.len().saturating_sub(1));
    times.get(place).map_or(0, Duration::as_micros)
}
