//! Which backups are kept: the newest of each of the last days, weeks and months, and always the last that was proved.

use std::collections::HashSet;
use std::hash::Hash;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{Backup, State};

/// How many days, weeks and months have a backup of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keep {
    /// Of so many last days with a backup, the newest is kept. Default 7.
    pub daily: usize,
    /// Of so many last weeks with a backup, the newest is kept. Default 4.
    pub weekly: usize,
    /// Of so many last months with a backup, the newest is kept. Default 6.
    pub monthly: usize,
}

impl Default for Keep {
    fn default() -> Self {
        Self {
            daily: 7,
            weekly: 4,
            monthly: 6,
        }
    }
}

impl Keep {
    /// Those of `backups`, the newest first, that need not be kept. Days are those of UTC. Backups that are not whole
    /// take nobody's place.
    pub(super) fn too_many(&self, backups: Vec<Backup>) -> Vec<Backup> {
        let (mut days, mut weeks, mut months) = Default::default();
        let mut has_proved = false;
        let mut removed = Vec::new();
        for backup in backups {
            let Ok(time) = jiff::Timestamp::from_microsecond(backup.made_at.0) else {
                continue;
            };
            let date = time.to_zoned(TimeZone::UTC).date();
            let is_proved = backup.state() == State::Proved;
            // Each is asked, since each counts.
            let is_wanted = [
                is_proved && is_first(&mut days, date, self.daily),
                is_proved && is_first(&mut weeks, week(date), self.weekly),
                is_proved && is_first(&mut months, (date.year(), date.month()), self.monthly),
                is_proved && !has_proved,
                // One that nobody has looked at may be the only one.
                !is_proved && !has_proved,
            ];
            has_proved |= is_proved;
            if !is_wanted.contains(&true) {
                removed.push(backup);
            }
        }
        removed
    }
}

fn week(date: Date) -> (i16, i8) {
    let week = date.iso_week_date();
    (week.year(), week.week())
}

/// Whether this is the first of its period, and the period one of those that count.
fn is_first<T: Hash + Eq>(seen: &mut HashSet<T>, period: T, most: usize) -> bool {
    seen.len() < most && seen.insert(period)
}

#[cfg(test)]
mod tests {
    use school::Timestamp;

    use super::*;
    use crate::backup::Note;

    fn backup(time: &str, is_proved: bool) -> Backup {
        let made_at: Timestamp = time.parse().unwrap();
        let note = Note {
            size: 7,
            sha256: String::new(),
            proved_at: made_at,
            version: String::new(),
            schema: 1,
            rows: 0,
            files: 0,
            broken_trail: None,
        };
        Backup {
            name: time.to_owned(),
            made_at,
            size: 7,
            is_sealed: false,
            note: is_proved.then_some(note),
        }
    }

    fn kept(keep: Keep, backups: &[Backup]) -> Vec<String> {
        let removed = keep.too_many(backups.to_vec());
        let left = backups.iter().filter(|backup| !removed.contains(backup));
        left.map(|backup| backup.name.clone()).collect()
    }

    #[test]
    fn the_newest_of_each_day_week_and_month_stays() {
        let times = [
            "2026-11-20T12:00:00Z",
            "2026-11-20T02:00:00Z",
            "2026-11-19T02:00:00Z",
            "2026-11-18T02:00:00Z",
            "2026-11-13T02:00:00Z",
            "2026-11-12T02:00:00Z",
            "2026-10-30T02:00:00Z",
            "2026-10-29T02:00:00Z",
            "2026-09-30T02:00:00Z",
        ];
        let backups = times.map(|time| backup(time, true));
        let keep = Keep {
            daily: 2,
            weekly: 2,
            monthly: 2,
        };
        assert_eq!(
            kept(keep, &backups),
            [times[0], times[2], times[4], times[6]]
        );
    }

    #[test]
    fn the_last_proved_one_stays_whatever_is_newer_and_however_few_are_kept() {
        let none = Keep {
            daily: 0,
            weekly: 0,
            monthly: 0,
        };
        let backups = [
            backup("2026-11-20T12:00:00Z", false),
            backup("2026-11-19T12:00:00Z", true),
            backup("2026-11-18T12:00:00Z", true),
            backup("2026-11-17T12:00:00Z", false),
        ];
        assert_eq!(
            kept(none, &backups),
            ["2026-11-20T12:00:00Z", "2026-11-19T12:00:00Z"]
        );
    }

    #[test]
    fn one_that_is_not_whole_takes_nobodys_place() {
        let daily = Keep {
            daily: 1,
            weekly: 0,
            monthly: 0,
        };
        let mut torn = backup("2026-11-20T12:00:00Z", true);
        torn.size = 3;
        let backups = [torn, backup("2026-11-20T02:00:00Z", true)];
        assert!(kept(daily, &backups).contains(&"2026-11-20T02:00:00Z".to_owned()));
    }
}
