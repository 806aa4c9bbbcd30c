//! The limiter's table against plain arithmetic and a plain list of who came last.

use std::time::Duration;

use traffic::{Decision, Delay, LimitTable, Policy, Rate};

/// A table of one bucket, which forgets whoever was not asked for longest.
const KEYS: usize = 16;

/// A key's level as the module of nginx has it: thousandths of a request, and milliseconds.
#[derive(Clone, Copy)]
struct Level {
    excess: i128,
    last: i128,
}

struct Model {
    rate: i128,
    policy: Policy,
    /// Whoever came last stands first.
    known: Vec<(u128, Level)>,
}

/// The policy in four bytes, then three for each request: who, and how much later.
pub fn read(bytes: &[u8]) {
    let Some(([rate, burst, delay, seed], requests)) = bytes
        .split_first_chunk::<4>()
        .map(|(head, rest)| (*head, rest))
    else {
        return;
    };
    let delay = match delay {
        255 => Delay::Never,
        free => Delay::Beyond(free.into()),
    };
    let (rate, burst) = (u32::from(rate).max(1), u32::from(burst));
    let policy = Policy {
        rate: Rate::per_second(rate),
        burst,
        delay,
    };
    let table = LimitTable::new(policy, KEYS, seed.into());
    let mut model = Model {
        rate: i128::from(rate) * 1000,
        policy,
        known: Vec::new(),
    };
    let mut now = 100_000_u64;
    for &[who, high, low] in requests.as_chunks::<3>().0 {
        let later = u64::from(u16::from_be_bytes([high, low]));
        // The upper half steps back, by up to half a minute or by more than a minute.
        now = match high {
            0..0x80 => now + later,
            0x80..0xf0 => now.saturating_sub(later - 0x8000),
            _ => now.saturating_sub(later),
        };
        let key = u128::from(who % 24);
        let found = table.admit(key, now);
        model.agrees(key, now.into(), found);
    }
}

impl Model {
    fn agrees(&mut self, key: u128, now: i128, found: Decision) {
        let place = self.known.iter().position(|(own, _)| *own == key);
        let level = place.map(|place| self.known.remove(place).1);
        let (kept, expected) = self.admit(level, now);
        if let (Some(level), Decision::Reject(pause)) = (level, found) {
            let later = now + i128::try_from(pause.as_millis()).expect("a time");
            let (_, again) = self.admit(Some(level), later);
            assert!(!matches!(again, Decision::Reject(_)), "a promise not kept");
            assert!(
                matches!(expected, Decision::Reject(_)),
                "refused for nothing"
            );
        } else {
            assert_eq!(found, expected);
        }
        self.known.insert(0, (key, kept));
        self.known.truncate(KEYS);
    }

    /// A rejection's pause is judged by what it promises, not by its length.
    fn admit(&self, level: Option<Level>, now: i128) -> (Level, Decision) {
        let Some(level) = level else {
            return (
                Level {
                    excess: 0,
                    last: now,
                },
                Decision::Pass,
            );
        };
        let elapsed = match now - level.last {
            ..-60_000 => 1,
            -60_000..=0 => 0,
            later => later,
        };
        let excess = (level.excess + 1000 - self.rate * elapsed / 1000).max(0);
        if excess > i128::from(self.policy.burst) * 1000 {
            return (level, Decision::Reject(Duration::ZERO));
        }
        let last = if elapsed == 0 { level.last } else { now };
        (Level { excess, last }, self.decide(excess))
    }

    fn decide(&self, excess: i128) -> Decision {
        let Delay::Beyond(free) = self.policy.delay else {
            return Decision::Pass;
        };
        match excess - i128::from(free) * 1000 {
            ..=0 => Decision::Pass,
            beyond => {
                let millis = u64::try_from(beyond * 1000 / self.rate).expect("a time");
                Decision::Wait(Duration::from_millis(millis))
            }
        }
    }
}
