//! Who takes part: how each is started, and what it is asked.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};

use super::Bench;
use super::load::Part;
use super::process::{Process, memory_bytes};
use super::wrk::{Request, Requests};
use crate::http::Client;
use crate::program::say;

/// A way to start a contender; its folder holds what it keeps between two starts.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) start: fn(&Bench) -> Result<Started>,
    /// The requests of each load, after filling in what they ask for.
    pub(crate) requests: fn(&Bench, &Started) -> Result<Requests>,
    /// What runs in which version.
    pub(crate) versions: fn(&Bench) -> Result<String>,
}

/// Running processes and where they listen.
pub(crate) struct Started {
    pub(crate) processes: Vec<Process>,
    pub(crate) secure: Option<SocketAddr>,
    pub(crate) plain: Option<SocketAddr>,
    /// What it keeps, between two starts as well.
    pub(crate) folder: PathBuf,
    pub(crate) ready_after: Duration,
}

/// A contender that is ready to be loaded.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    pub(crate) versions: String,
    pub(crate) requests: Requests,
    /// With empty folders, and again with what the first start left.
    pub(crate) first_start: Duration,
    pub(crate) next_start: Duration,
    pub(crate) idle_memory: u64,
    pub(crate) started: Started,
}

/// Starts a contender for the first time and three times more, then sets it up.
pub(crate) fn start(kind: &Kind, bench: &Bench) -> Result<Contender> {
    say(&format!("── starting {}", kind.name));
    let begin = || (kind.start)(bench).with_context(|| format!("starting {}", kind.name));
    // Each of these ends before the next one starts, since they share a folder.
    let begin_and_end = || begin().map(|started| started.ready_after);
    let first_start = begin_and_end()?;
    let (second, third) = (begin_and_end()?, begin_and_end()?);
    let started = begin()?;
    let mut next_starts = [second, third, started.ready_after];
    next_starts.sort();
    sleep(Duration::from_secs(2));
    let idle_memory = memory_bytes(&started.ids());
    let requests =
        (kind.requests)(bench, &started).with_context(|| format!("setting {} up", kind.name))?;
    let versions = (kind.versions)(bench)?;
    Ok(Contender {
        name: kind.name,
        versions,
        requests,
        first_start,
        next_start: next_starts[1],
        idle_memory,
        started,
    })
}

impl Started {
    pub(crate) fn ids(&self) -> Vec<u32> {
        self.processes.iter().map(Process::id).collect()
    }

    pub(crate) fn secure_url(&self, path: &str) -> Result<String> {
        let address = self.secure.context("it does not listen for HTTPS")?;
        Ok(format!("https://localhost:{}{path}", address.port()))
    }

    pub(crate) fn plain_url(&self, path: &str) -> Result<String> {
        let address = self.plain.context("it does not listen for HTTP")?;
        Ok(format!("http://localhost:{}{path}", address.port()))
    }

    pub(crate) fn client(&self) -> Result<Client> {
        Client::connect(self.plain.context("it does not listen for HTTP")?)
    }
}

impl Contender {
    pub(crate) fn ids(&self) -> Vec<u32> {
        self.started.ids()
    }

    pub(crate) fn request(&self, part: Part) -> Option<&Request> {
        self.requests
            .iter()
            .find(|row| row.0 == part)
            .map(|row| &row.1)
    }
}

/// An address of the loopback that was free a moment ago.
pub(crate) fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("finding a free port")?;
    Ok(listener.local_addr()?)
}

/// Whether somebody accepts connections there.
pub(crate) fn accepts(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, Duration::from_millis(100)).is_ok()
}

/// Whether a plain GET there is answered 200.
pub(crate) fn answers(address: SocketAddr, path: &str) -> bool {
    Client::connect(address)
        .and_then(|mut client| client.get(path))
        .is_ok_and(|answer| answer.status == 200)
}
