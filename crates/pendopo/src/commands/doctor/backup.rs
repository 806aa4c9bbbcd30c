//! Backups: whether there is one that was proved, and whether it is as new as the schedule wants.

use std::time::Duration;

use school::Timestamp;

use super::report::Report;
use crate::backups;
use crate::config::{Config, Destination};

/// A backup may take a while, and a server may start late.
const LATE: Duration = Duration::from_hours(6);

pub(super) fn examine(config: &Config, now: Timestamp, report: &mut Report) {
    let place = &config.backup.to;
    if matches!(place, Destination::Bucket(_)) && config.backup.recipient.is_none() {
        report.warn(
            "backup seal",
            format!("whoever can read {place} can read the whole school: set `backup.recipient`"),
        );
    }
    let found = match backups::of(config).and_then(|backups| backups.list()) {
        Ok(found) => found,
        Err(error) => return report.fail("backup", error),
    };
    let Some(proved) = backups::last_proved(&found) else {
        let mend = "`pendopo backup create` makes one";
        return report.warn("backup", format!("none in {place} was ever proved: {mend}"));
    };
    let zone = config.web.time_zone.time_zone();
    let due = config.backup.schedule.next(proved, zone);
    match due {
        None => report.warn(
            "backup",
            format!("the last verified restore was at {proved}, and no schedule makes another: set `backup.schedule`"),
        ),
        Some(due) if now > due.after(LATE) => report.fail(
            "backup",
            format!("the last verified restore was at {proved}, and one was due at {due}: see the server's log"),
        ),
        Some(due) => report.good(
            "backup",
            format!("{} in {place}, the last verified restore at {proved}; the next at {due}", found.len()),
        ),
    }
}
