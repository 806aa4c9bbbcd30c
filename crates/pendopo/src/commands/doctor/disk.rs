//! The data directory and its disk: rights, room, the speed of a forced write.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::statvfs;
use rustix::process::geteuid;

use super::report::Report;
use crate::config::Config;

/// With less room than this, somebody should clear up; with less than the second, writes fail soon.
const LOW_BYTES: u64 = 1 << 30;
const NO_BYTES: u64 = 50 << 20;
/// A forced write that takes longer makes every group of writes slow.
const SLOW: Duration = Duration::from_millis(50);
const WRITES: usize = 5;

pub(super) fn examine(config: &Config, report: &mut Report) {
    let data = &config.data;
    if !data.exists() {
        report.warn(
            "data directory",
            format!(
                "{} does not exist yet: the first start makes it",
                data.display()
            ),
        );
        return;
    }
    rights(data, report);
    room(data, report);
    speed(data, report);
    logs(&data.join("logs"), report);
}

fn rights(data: &Path, report: &mut Report) {
    let name = data.display();
    match fs::metadata(data) {
        Err(error) => report.fail("data directory", format!("can't look at {name}: {error}")),
        Ok(found) if found.uid() != geteuid().as_raw() => {
            report.warn(
                "data directory",
                format!(
                    "{name} belongs to user {}, not to this one ({})",
                    found.uid(),
                    geteuid().as_raw()
                ),
            );
        }
        Ok(found) if found.permissions().mode() & 0o077 != 0 => {
            report.warn(
                "data directory",
                format!("others may enter {name}: `chmod 700 {name}`"),
            );
        }
        Ok(_) => report.good("data directory", format!("{name} is for its owner alone")),
    }
}

fn room(data: &Path, report: &mut Report) {
    match statvfs(data) {
        Err(error) => report.fail("disk", format!("can't ask for the room left: {error}")),
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let text = format!("{} MiB are free", free >> 20);
            match free {
                free if free < NO_BYTES => {
                    report.fail("disk", format!("{text}: make room, or writes fail"));
                }
                free if free < LOW_BYTES => report.warn("disk", format!("{text}: make room soon")),
                _ => report.good("disk", text),
            }
        }
    }
}

fn speed(data: &Path, report: &mut Report) {
    match forced_write(data) {
        Err(error) => report.fail(
            "forced write",
            format!(
                "can't write to {}: {error}; make it writable for this user",
                data.display()
            ),
        ),
        Ok(time) if time > SLOW => report.warn(
            "forced write",
            format!("takes {} ms: the disk is slow or busy", time.as_millis()),
        ),
        Ok(time) => report.good(
            "forced write",
            format!("takes {:.1} ms", time.as_secs_f64() * 1000.0),
        ),
    }
}

/// The median time of a small write that is forced to disk.
fn forced_write(data: &Path) -> io::Result<Duration> {
    let path = data.join(format!("doctor-{}", std::process::id()));
    let measured = (0..WRITES)
        .map(|_| one_write(&path))
        .collect::<io::Result<Vec<_>>>();
    let removed = fs::remove_file(&path);
    let mut times = measured?;
    removed?;
    times.sort_unstable();
    Ok(times[WRITES / 2])
}

fn one_write(path: &Path) -> io::Result<Duration> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    let begun = Instant::now();
    file.write_all(&[0; 4096])?;
    file.sync_data()?;
    Ok(begun.elapsed())
}

fn logs(logs: &Path, report: &mut Report) {
    let file = logs.join("access.log");
    if !file.exists() {
        report.warn(
            "access log",
            format!(
                "{} is not there yet: a running server makes it",
                file.display()
            ),
        );
        return;
    }
    match OpenOptions::new().append(true).open(&file) {
        Ok(_) => report.good("access log", format!("{} can be written", file.display())),
        Err(error) => report.fail(
            "access log",
            format!(
                "{} can't be written: {error}; make it writable for this user",
                file.display()
            ),
        ),
    }
}
