//! Whether nearly everybody stands behind one address: a gateway that hides its clients' own.
//!
//! Swarm's mesh and Docker's userland proxy put their own address in the place of the client's. Limits by address would
//! then hold all clients for one, and the first busy morning would shut them all out.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use arc_swap::ArcSwapOption;
use lifecycle::Facts;
use prometheus_client::metrics::gauge::Gauge;

use crate::gateways::Gateways;

/// Requests that a worker counts by itself, and requests after which all of them are judged.
const BATCH: u32 = 64;
const WINDOW: u32 = 512;

/// More than so many of a hundred stand behind an address that hides them; fewer than so many behind one that no
/// longer does.
const MOST: u32 = 95;
const FEW: u32 = 80;

/// What the requests of all workers say.
pub(crate) struct Crowd {
    gateways: Gateways,
    window: Mutex<Window>,
    /// Asked first, and nearly always false.
    is_masked: AtomicBool,
    masked: ArcSwapOption<IpAddr>,
    has_warned: AtomicBool,
    gauge: Gauge,
    facts: Facts,
}

/// One worker's requests since it last told; written by that worker alone.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    all: AtomicU32,
    /// Of these, those of the suspect.
    hits: AtomicU32,
    /// The first address among them that may hide others: its bits as IPv6, upper half first.
    suspect: [AtomicU64; 2],
}

#[derive(Debug, Default)]
struct Window {
    all: u32,
    /// At most one for each batch.
    hits: Vec<(IpAddr, u32)>,
}

/// What a whole window says of the address that was masked before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judgement {
    Masked(IpAddr),
    Clear,
    Unchanged,
}

impl Crowd {
    pub(crate) fn new(gateways: Gateways, gauge: Gauge, facts: Facts) -> Self {
        facts.state("edge", FACT, SEEN);
        Self {
            gateways,
            window: Mutex::default(),
            is_masked: AtomicBool::new(false),
            masked: ArcSwapOption::empty(),
            has_warned: AtomicBool::new(false),
            gauge,
            facts,
        }
    }

    /// Counts a request. Takes a lock once in 64 times only.
    pub(crate) fn note(&self, tally: &Tally, address: IpAddr) {
        let Some((suspect, hits)) = tally.note(address, self.gateways.may_hide(address)) else {
            return;
        };
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        window.add(suspect, hits);
        if window.all >= WINDOW {
            let judgement = window.judge(self.masked.load().as_deref().copied());
            *window = Window::default();
            self.heed(judgement);
        }
    }

    /// Whether nearly everybody stands behind this address.
    pub(crate) fn hides(&self, address: IpAddr) -> bool {
        self.is_masked.load(Relaxed) && self.masked.load().as_deref() == Some(&address)
    }

    fn heed(&self, judgement: Judgement) {
        match judgement {
            Judgement::Unchanged => {}
            Judgement::Clear => self.put(None, SEEN.to_owned()),
            Judgement::Masked(address) => {
                self.put(Some(address), format!("hidden behind {address}"));
                if !self.has_warned.swap(true, Relaxed) {
                    tracing::warn!(%address, "nearly all requests come from {address}, a gateway that hides the clients' own addresses: see `edge.limit.masked`; publish the ports with `mode: host`, or have a proxy in front tell the clients' addresses (`edge.trusted_proxies`)");
                }
            }
        }
    }

    fn put(&self, masked: Option<IpAddr>, said: String) {
        self.gauge.set(masked.is_some().into());
        self.facts.state("edge", FACT, said);
        self.is_masked.store(masked.is_some(), Relaxed);
        self.masked.store(masked.map(Into::into));
    }
}

/// The fact that is stated, and its value while nobody is hidden.
const FACT: &str = "client addresses";
const SEEN: &str = "seen";

impl Tally {
    /// The suspect, if any, and his requests, when a batch is full.
    fn note(&self, address: IpAddr, is_suspect: bool) -> Option<(Option<IpAddr>, u32)> {
        if is_suspect {
            self.suspects(address);
        }
        let all = self.all.load(Relaxed) + 1;
        if all < BATCH {
            self.all.store(all, Relaxed);
            return None;
        }
        self.all.store(0, Relaxed);
        let hits = self.hits.load(Relaxed);
        self.hits.store(0, Relaxed);
        let [upper, lower] = self
            .suspect
            .each_ref()
            .map(|half| u128::from(half.load(Relaxed)));
        let suspect = std::net::Ipv6Addr::from_bits(upper << 64 | lower).to_canonical();
        Some(((hits > 0).then_some(suspect), hits))
    }

    /// The first suspect of a batch is the one that is counted: whoever sends nearly all requests is first as well.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "each half of the bits is stored by itself"
    )]
    fn suspects(&self, address: IpAddr) {
        let bits = match address {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
            IpAddr::V6(v6) => v6.to_bits(),
        };
        let (halves, hits) = ([(bits >> 64) as u64, bits as u64], self.hits.load(Relaxed));
        if hits == 0 {
            let halves = self.suspect.iter().zip(halves);
            halves.for_each(|(half, bits)| half.store(bits, Relaxed));
        }
        if self.suspect.each_ref().map(|half| half.load(Relaxed)) == halves {
            self.hits.store(hits + 1, Relaxed);
        }
    }
}

impl Window {
    fn add(&mut self, suspect: Option<IpAddr>, hits: u32) {
        self.all += BATCH;
        let Some(suspect) = suspect else { return };
        match self
            .hits
            .iter_mut()
            .find(|(address, _)| *address == suspect)
        {
            Some((_, sum)) => *sum += hits,
            None => self.hits.push((suspect, hits)),
        }
    }

    fn judge(&self, masked: Option<IpAddr>) -> Judgement {
        let is_more = |hits: u32, percent| hits * 100 > self.all * percent;
        let found = self.hits.iter().find(|(_, hits)| is_more(*hits, MOST));
        if let Some((address, _)) = found.filter(|(address, _)| masked != Some(*address)) {
            return Judgement::Masked(*address);
        }
        let still = |masked| {
            let mut hits = self.hits.iter();
            hits.any(|(address, hits)| *address == masked && is_more(*hits, FEW))
        };
        match masked {
            Some(masked) if !still(masked) => Judgement::Clear,
            _ => Judgement::Unchanged,
        }
    }
}

#[cfg(test)]
mod tests;
