//! The bans in force, laid out so that one address is looked up in them without a lock and without allocating.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::ban::Ban;

/// How a ban holds for an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Force {
    /// Unless the address is one that bans spare.
    Plain,
    /// Whoever it is.
    Forced,
}

impl Force {
    fn of(ban: &Ban) -> Self {
        if ban.is_forced {
            Self::Forced
        } else {
            Self::Plain
        }
    }
}

/// Networks of bans. Looking one address up among 100,000 takes 17 comparisons, some 300 instructions, and laying these out
/// some milliseconds (`examples/ban_pace.rs`); each ban takes 48 bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BanList {
    v4: Family,
    v6: Family,
}

/// The networks of one kind of address, as numbers. Of two networks that meet, one holds the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Family {
    /// The first address of each network, in order; of those with the same, the wider comes first.
    firsts: Vec<u128>,
    /// The rest of each, in the same order.
    rests: Vec<Rest>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rest {
    last: u128,
    /// In microseconds; the end of time for good.
    until: i64,
    /// The place of the narrowest network that holds this one, or [`NONE`].
    around: u32,
    force: Force,
}

const NONE: u32 = u32::MAX;

impl BanList {
    /// Lays out these bans, in whatever order they are.
    pub fn new(bans: &[Ban]) -> Self {
        let of = |is_v4: bool| {
            let own = bans
                .iter()
                .filter(|ban| ban.network.first().is_ipv4() == is_v4);
            Family::new(own)
        };
        Self {
            v4: of(true),
            v6: of(false),
        }
    }

    /// How many bans there are.
    pub fn len(&self) -> usize {
        self.v4.firsts.len() + self.v6.firsts.len()
    }

    /// Whether nobody is banned.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How the address is banned, if it is: by the network that holds it with the most force. The time is asked for only
    /// where a network holds it.
    pub fn find(&self, address: IpAddr, now: impl Fn() -> Timestamp) -> Option<Force> {
        match address.to_canonical() {
            IpAddr::V4(v4) => self.v4.find(u128::from(v4.to_bits()), now),
            IpAddr::V6(v6) => self.v6.find(v6.to_bits(), now),
        }
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

impl Family {
    fn new<'a>(bans: impl Iterator<Item = &'a Ban>) -> Self {
        let mut bans: Vec<_> = bans.collect();
        bans.sort_unstable_by_key(|ban| (bits(ban.network.first()), ban.network.prefix()));
        let mut family = Self::default();
        // The networks that hold the one that is next, the widest first.
        let mut open: Vec<u32> = Vec::new();
        for ban in bans {
            let (first, last) = (bits(ban.network.first()), bits(ban.network.last()));
            while let Some(&place) = open.last()
                && family.rests[place as usize].last < first
            {
                open.pop();
            }
            // A place that has no number has nothing around it; there are never so many.
            let place = u32::try_from(family.firsts.len()).unwrap_or(NONE);
            family.firsts.push(first);
            family.rests.push(Rest {
                last,
                until: ban.until.map_or(i64::MAX, Timestamp::as_microsecond),
                around: open.last().copied().unwrap_or(NONE),
                force: Force::of(ban),
            });
            open.push(place);
        }
        family
    }

    fn find(&self, address: u128, now: impl Fn() -> Timestamp) -> Option<Force> {
        let after = self.firsts.partition_point(|first| *first <= address);
        // Whatever holds the address holds the last network that begins before it, or is that one.
        let mut next = after.checked_sub(1);
        let mut found = None;
        while let Some(rest) = next.and_then(|place| self.rests.get(place)) {
            if address <= rest.last && now().as_microsecond() < rest.until {
                found = found.max(Some(rest.force));
            }
            next = usize::try_from(rest.around).ok();
        }
        found
    }
}

#[cfg(test)]
mod tests;
