//! The search for the most that is held: doubled until it is missed, then halved between the two.

use anyhow::Result;

use crate::program::say;

/// Where it begins, where it ends.
pub(super) struct Bounds {
    pub(super) first: u32,
    pub(super) most: u32,
    /// It ends when held and missed are no further apart than this share of the first.
    pub(super) nearness: u32,
}

/// What a trial of so many came to.
pub(super) enum Outcome<T> {
    Held(T),
    /// Why it does not count.
    Missed(String),
}

/// The most that was held, and the least that was missed.
pub(super) struct Found<T> {
    pub(super) held: Option<(u32, T)>,
    pub(super) missed: Option<(u32, String)>,
}

impl<T> Found<T> {
    /// For people.
    pub(super) fn users(&self) -> String {
        match (&self.held, &self.missed) {
            (Some((users, _)), Some(_)) => users.to_string(),
            (Some((users, _)), None) => format!("at least {users}"),
            (None, Some((users, _))) => format!("fewer than {users}"),
            (None, None) => "none".to_owned(),
        }
    }

    /// What to try next.
    fn next(&self, bounds: &Bounds) -> Option<u32> {
        let held = self.held.as_ref().map(|held| held.0);
        let missed = self.missed.as_ref().map(|missed| missed.0);
        match (held, missed) {
            (None, None) => Some(bounds.first),
            (Some(held), None) => (held < bounds.most).then_some((held * 2).min(bounds.most)),
            (None, Some(missed)) => (missed > 1).then_some(missed / 2),
            (Some(held), Some(missed)) => {
                (missed - held > (held / bounds.nearness).max(1)).then_some(held.midpoint(missed))
            }
        }
    }
}

/// Searches by trials, each of which may be had a second time.
pub(super) fn most<T>(
    bounds: &Bounds,
    mut trial: impl FnMut(u32) -> Result<Outcome<T>>,
) -> Result<Found<T>> {
    let mut found = Found {
        held: None,
        missed: None,
    };
    while let Some(users) = found.next(bounds) {
        let mut outcome = trial(users)?;
        if let Outcome::Missed(why) = &outcome {
            say(&format!("{users} users: {why}; once more"));
            outcome = trial(users)?;
        }
        match outcome {
            Outcome::Held(trial) => found.held = Some((users, trial)),
            Outcome::Missed(why) => found.missed = Some((users, why)),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        first: 1_000,
        most: 15_000,
        nearness: 8,
    };

    fn check(really: u32, users: &str) {
        let trial = |users| {
            Ok(if users <= really {
                Outcome::Held(())
            } else {
                Outcome::Missed("it is too slow".to_owned())
            })
        };
        assert_eq!(most(&BOUNDS, trial).unwrap().users(), users);
    }

    #[test]
    fn what_is_found_is_held_and_no_eighth_below_what_is_not() {
        check(4_900, "4500");
        check(1_000, "1000");
        check(20_000, "at least 15000");
        check(15_000, "at least 15000");
        check(70, "69");
        check(0, "fewer than 1");
    }

    #[test]
    fn one_bad_moment_is_forgiven_and_a_second_is_not() {
        let mut tries = 0;
        let trial = |users| {
            tries += 1;
            let is_held = users == 1_000 && tries == 2;
            Ok(if is_held {
                Outcome::Held(())
            } else {
                Outcome::Missed("it stumbled".to_owned())
            })
        };
        let bounds = Bounds {
            most: 1_000,
            ..BOUNDS
        };
        assert_eq!(most(&bounds, trial).unwrap().users(), "at least 1000");
    }
}
