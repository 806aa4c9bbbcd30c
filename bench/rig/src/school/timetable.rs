//! A user's timetable: what they do, and when, known before the first of it.

use std::time::Duration;

/// Between two acts, in milliseconds: ten seconds on average.
const GAP_MS: std::ops::Range<u64> = 5_000..15_000;

/// Acts of one visit, the first of which is to sign in.
const VISIT: u32 = 20;

/// What a user does; the numbers say where in their visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Opens a connection, fetches the form, sends it, and reads the page that it leads to
    SignIn,
    /// The 50 newest messages
    ReadBoard,
    /// One's own account with its sessions
    ReadAccount,
    Post,
}

/// A kind of act by its name in the report.
pub(super) type Kind = (&'static str, fn(Act) -> bool);

impl Act {
    pub(super) const SIGN_IN: Kind = ("sign_in", |act| act == Self::SignIn);
    pub(super) const READ: Kind = ("read", |act| {
        matches!(act, Self::ReadBoard | Self::ReadAccount)
    });
    pub(super) const POST: Kind = ("post", |act| act == Self::Post);

    fn at(place: u32) -> Self {
        match place % VISIT {
            0 => Self::SignIn,
            3 | 9 | 15 => Self::Post,
            place if place % 2 == 1 => Self::ReadBoard,
            _ => Self::ReadAccount,
        }
    }
}

/// Acts without end, each with its time since the beginning.
pub(super) struct Timetable {
    place: u32,
    next: Duration,
    chance: u64,
}

impl Timetable {
    /// Users are at all places of a visit in equal shares, and at all moments of a gap.
    pub(super) fn of(number: u32) -> Self {
        let mut timetable = Self {
            place: number % VISIT,
            next: Duration::ZERO,
            chance: u64::from(number),
        };
        timetable.next = timetable.within(&(0..GAP_MS.start.midpoint(GAP_MS.end)));
        timetable
    }

    /// Whether the first act is to sign in.
    pub(super) fn begins_with_a_visit(&self) -> bool {
        Act::at(self.place) == Act::SignIn
    }

    /// A time by chance, the same in every run (splitmix64).
    fn within(&mut self, range: &std::ops::Range<u64>) -> Duration {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.chance;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        Duration::from_millis(range.start + bits % (range.end - range.start))
    }
}

impl Iterator for Timetable {
    type Item = (Duration, Act);

    fn next(&mut self) -> Option<Self::Item> {
        let due = (self.next, Act::at(self.place));
        let gap = self.within(&GAP_MS);
        self.next += gap;
        self.place += 1;
        Some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share_of(kind: Kind, acts: &[(Duration, Act)]) -> usize {
        acts.iter().filter(|(_, act)| kind.1(*act)).count() * 100 / acts.len()
    }

    #[test]
    fn of_a_hundred_acts_five_are_sign_ins_and_fifteen_posts() {
        let acts: Vec<_> = Timetable::of(7).take(1_000).collect();
        let shares = [Act::SIGN_IN, Act::READ, Act::POST].map(|kind| share_of(kind, &acts));
        assert_eq!(shares, [5, 80, 15]);
    }

    #[test]
    fn users_act_every_ten_seconds_at_moments_of_their_own() {
        let minute = Duration::from_mins(1);
        let within = |number| Timetable::of(number).take_while(|(at, _)| *at < minute);
        let acts: usize = (1..=1_000).map(|number| within(number).count()).sum();
        assert!((5_900..=6_100).contains(&acts), "{acts}");
        assert_ne!(Timetable::of(1).next(), Timetable::of(21).next());
    }
}
