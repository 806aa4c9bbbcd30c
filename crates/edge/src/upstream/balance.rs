//! Which target a request goes to: pure choices over what is known of each.

use std::net::IpAddr;

use crate::config::Balance;

/// A configured weight of 1, so that a target that is spared can have less.
pub(crate) const WEIGHT: u32 = 1000;

/// What a choice knows of one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seat {
    /// Its share in parts of [`WEIGHT`], never 0.
    pub(crate) weight: u32,
    pub(crate) in_flight: usize,
    /// Whether a request may be sent there now.
    pub(crate) is_open: bool,
    pub(crate) is_backup: bool,
    /// The same for the same target, whatever its place.
    pub(crate) name_hash: u64,
}

/// What a choice remembers of the choices before it.
#[derive(Debug, Default)]
pub(crate) struct Balancer {
    /// nginx's smooth weighted round robin: each target's credit, by its place.
    credit: Vec<i64>,
}

impl Balancer {
    /// The place of the chosen seat; backups only while no other seat is open.
    pub(crate) fn pick(
        &mut self,
        balance: Balance,
        seats: &[Seat],
        client: IpAddr,
    ) -> Option<usize> {
        self.credit.resize(seats.len(), 0);
        let has_primary = seats.iter().any(|seat| seat.is_open && !seat.is_backup);
        let is_able = |seat: &Seat| seat.is_open && seat.is_backup != has_primary;
        match balance {
            Balance::LeastConn => {
                let least = least_loaded(seats, is_able)?;
                self.in_turn(seats, |seat| {
                    is_able(seat) && !is_less_loaded(&least, seat) && !is_less_loaded(seat, &least)
                })
            }
            Balance::IpHash if has_primary => {
                by_network(seats, client).or_else(|| self.in_turn(seats, is_able))
            }
            Balance::RoundRobin | Balance::IpHash => self.in_turn(seats, is_able),
            Balance::Rendezvous => by_highest_score(seats, client, is_able),
        }
    }

    /// Each able seat earns its weight, the richest is chosen and pays what all earned.
    fn in_turn(&mut self, seats: &[Seat], is_able: impl Fn(&Seat) -> bool) -> Option<usize> {
        let (mut earned, mut best): (i64, Option<usize>) = (0, None);
        for (place, seat) in seats.iter().enumerate().filter(|(_, seat)| is_able(seat)) {
            self.credit[place] += i64::from(seat.weight);
            earned += i64::from(seat.weight);
            if best.is_none_or(|best| self.credit[place] > self.credit[best]) {
                best = Some(place);
            }
        }
        self.credit[best?] -= earned;
        best
    }

    /// The targets changed their places.
    pub(crate) fn forget(&mut self) {
        self.credit.clear();
    }
}

fn least_loaded(seats: &[Seat], is_able: impl Fn(&Seat) -> bool) -> Option<Seat> {
    let able = seats.iter().filter(|seat| is_able(seat)).copied();
    able.reduce(|least, seat| {
        if is_less_loaded(&seat, &least) {
            seat
        } else {
            least
        }
    })
}

/// Requests in flight for each unit of weight, compared without a division.
fn is_less_loaded(one: &Seat, other: &Seat) -> bool {
    one.in_flight as u128 * u128::from(other.weight)
        < other.in_flight as u128 * u128::from(one.weight)
}

/// nginx's `ip_hash`: the seats keep their places also while some are closed, so that only the clients of a closed
/// one move; after 20 misses round robin decides. Weights count whole: the hash has too few values for their parts.
fn by_network(seats: &[Seat], client: IpAddr) -> Option<usize> {
    const TRIES: usize = 20;
    let (v4, v6);
    let network: &[u8] = match client {
        IpAddr::V4(address) => {
            v4 = address.octets();
            &v4[..3]
        }
        IpAddr::V6(address) => {
            v6 = address.octets();
            &v6
        }
    };
    let primaries = || seats.iter().enumerate().filter(|(_, seat)| !seat.is_backup);
    let share = |seat: &Seat| u64::from(seat.weight.div_ceil(WEIGHT));
    let total: u64 = primaries().map(|(_, seat)| share(seat)).sum();
    let mut hash = 89;
    for _ in 0..=TRIES {
        hash = network
            .iter()
            .fold(hash, |hash, octet| (hash * 113 + u64::from(*octet)) % 6271);
        let mut left = hash % total.max(1);
        let chosen = primaries().find(|(_, seat)| {
            let is_here = left < share(seat);
            left = left.saturating_sub(share(seat));
            is_here
        });
        if let Some((place, _)) = chosen.filter(|(_, seat)| seat.is_open) {
            return Some(place);
        }
    }
    None
}

/// Weighted rendezvous hashing: each seat draws a number for the client, the best draw wins. A seat that closes
/// gives away its own clients and moves no other.
fn by_highest_score(
    seats: &[Seat],
    client: IpAddr,
    is_able: impl Fn(&Seat) -> bool,
) -> Option<usize> {
    let key = traffic::client::limit_key(client);
    #[expect(clippy::cast_possible_truncation, reason = "both halves are taken")]
    let key = mix(key as u64 ^ mix((key >> 64) as u64));
    let able = seats.iter().enumerate().filter(|(_, seat)| is_able(seat));
    let scored = able.map(|(place, seat)| (score(key, seat), place));
    scored
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, place)| place)
}

fn score(key: u64, seat: &Seat) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "53 bits are kept")]
    let draw = ((mix(key ^ seat.name_hash) >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    -f64::from(seat.weight) / draw.ln()
}

/// The finalizer of `SplitMix64`: every bit of the result depends on every bit of the number.
pub(super) fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests;
