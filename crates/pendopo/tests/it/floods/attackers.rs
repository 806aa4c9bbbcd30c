//! Attackers over HTTP/2, each on one connection at a time.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use testkit::frames::{PREFACE, SETTINGS, frame};
use testkit::{Raw, Trust};

/// Attackers at a time.
pub(crate) const ATTACKERS: usize = 2;

/// So many connections each leaves open once the server takes no more on them.
const HELD: usize = 16;

/// They have done enough after so many frames, or when they hold all their connections.
const FRAMES: usize = 5_000;

/// Where the server must end a connection, they go on until it has: what was sent may still lie unread in the sockets
/// of a busy machine. These are more frames than sockets hold, and than any bound allows.
const MOST_FRAMES: usize = 1_000_000;

/// A server that takes nothing for so long has had enough of a connection.
const TAKES_NOTHING: Duration = Duration::from_millis(500);

/// What one attacker does on a connection.
pub(crate) struct Attack {
    /// The entries of its SETTINGS.
    pub(crate) settings: Vec<u8>,
    /// The frames of each step, counted from 0; none once it only waits.
    pub(crate) step: Box<dyn Fn(u32) -> Vec<u8> + Sync>,
    /// Whether it takes what the server sends.
    pub(crate) reads: bool,
    /// Whether it goes on until the server has ended a connection.
    pub(crate) insists: bool,
}

/// What became of the attackers.
#[derive(Debug, Default)]
pub(crate) struct Met {
    pub(crate) frames: AtomicUsize,
    pub(crate) connections: AtomicUsize,
    /// Connections that the server ended.
    pub(crate) ended: AtomicUsize,
    /// Connections on which the server took no more, or the attacker only waited.
    pub(crate) held: AtomicUsize,
}

/// How one connection went.
enum Outcome {
    Ended,
    Held(Box<Raw>),
}

/// Where they go.
pub(crate) struct Attackers<'a> {
    pub(crate) attack: &'a Attack,
    pub(crate) address: SocketAddr,
    pub(crate) trust: &'a Trust,
    pub(crate) met: Met,
    is_over: AtomicBool,
}

impl<'a> Attackers<'a> {
    pub(crate) fn new(attack: &'a Attack, address: SocketAddr, trust: &'a Trust) -> Self {
        Self {
            attack,
            address,
            trust,
            met: Met::default(),
            is_over: AtomicBool::new(false),
        }
    }

    pub(crate) fn have_done_enough(&self) -> bool {
        let is_heard = !self.attack.insists || self.met.ended.load(Relaxed) > 0;
        let enough = if is_heard { FRAMES } else { MOST_FRAMES };
        self.met.frames.load(Relaxed) >= enough || self.met.held.load(Relaxed) >= ATTACKERS * HELD
    }

    /// One of them, until it is over.
    pub(crate) fn attack(&self) {
        let mut held = Vec::new();
        while !self.is_over.load(Relaxed) && held.len() < HELD {
            match self.attack_once() {
                Outcome::Ended => drop(self.met.ended.fetch_add(1, Relaxed)),
                Outcome::Held(client) => {
                    self.met.held.fetch_add(1, Relaxed);
                    held.push(client);
                }
            }
        }
        while !self.is_over.load(Relaxed) {
            thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// One connection, until the server ends it or takes no more.
    fn attack_once(&self) -> Outcome {
        self.met.connections.fetch_add(1, Relaxed);
        let config = self.trust.config(&["h2"]);
        let mut client = testkit::tls::connect(config, self.address, "127.0.0.1");
        let patience = client.socket().set_write_timeout(Some(TAKES_NOTHING));
        patience.expect("a socket with a timeout");
        client
            .send(PREFACE)
            .send(frame(SETTINGS, 0, 0, &self.attack.settings));
        for number in 0.. {
            let frames = (self.attack.step)(number);
            if frames.is_empty() || self.is_over.load(Relaxed) {
                break;
            }
            match self.send(&mut client, &frames) {
                Ok(()) => drop(self.met.frames.fetch_add(count(&frames), Relaxed)),
                Err(error) if is_wait(&error) => break,
                Err(_) => return Outcome::Ended,
            }
        }
        Outcome::Held(Box::new(client))
    }

    fn send(&self, client: &mut Raw, frames: &[u8]) -> io::Result<()> {
        client.try_send(frames)?;
        if self.attack.reads {
            client.discard()
        } else {
            Ok(())
        }
    }
}

fn is_wait(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// How many frames stand in these bytes.
fn count(mut bytes: &[u8]) -> usize {
    let mut count = 0;
    while let [high, middle, low, ..] = *bytes {
        let length = u32::from_be_bytes([0, high, middle, low]) as usize;
        bytes = &bytes[9 + length..];
        count += 1;
    }
    count
}

/// Ends the attack when it goes away, also by a failed assertion: else the attackers would never end.
pub(crate) struct Over<'a>(pub(crate) &'a Attackers<'a>);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, Relaxed);
    }
}
