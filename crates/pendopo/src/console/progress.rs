//! How far a long piece of work is: a line that changes at a terminal, a line now and then elsewhere.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often the line changes, and how often one is written where lines stay.
const AT_TERMINAL: Duration = Duration::from_millis(200);
const ELSEWHERE: Duration = Duration::from_secs(10);

/// One piece of work.
pub(crate) struct Progress {
    what: &'static str,
    unit: &'static str,
    began: Instant,
    told: Instant,
    is_terminal: bool,
    has_written: bool,
}

impl Progress {
    pub(crate) fn of(what: &'static str, unit: &'static str) -> Self {
        let now = Instant::now();
        Self {
            what,
            unit,
            began: now,
            told: now,
            is_terminal: io::stderr().is_terminal(),
            has_written: false,
        }
    }

    /// So much is done, of so much in all.
    pub(crate) fn tell(&mut self, done: u64, all: u64) {
        let every = if self.is_terminal {
            AT_TERMINAL
        } else {
            ELSEWHERE
        };
        let now = Instant::now();
        if now - self.told < every {
            return;
        }
        self.told = now;
        let line = line((done, all), self.unit, now - self.began);
        let mut stderr = io::stderr().lock();
        // Nobody may be reading, which is no fault.
        let _ = if self.is_terminal {
            self.has_written = true;
            write!(stderr, "\r{}: {line}\x1b[K", self.what)
        } else {
            writeln!(stderr, "{}: {line}", self.what)
        };
        let _ = stderr.flush();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.has_written {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "for people, who read three digits"
)]
fn line((done, all): (u64, u64), unit: &str, elapsed: Duration) -> String {
    let percent = done * 100 / all.max(1);
    let rate = done as f64 / elapsed.as_secs_f64().max(0.001);
    let left = all.saturating_sub(done) as f64 / rate.max(0.001);
    let left = Duration::from_secs(left as u64);
    let (minutes, seconds) = (left.as_secs() / 60, left.as_secs() % 60);
    format!(
        "{percent} %, {} {unit} of {} at {} {unit}/s, {minutes}:{seconds:02} left",
        short(done as f64),
        short(all as f64),
        short(rate)
    )
}

fn short(number: f64) -> String {
    match number {
        large if large >= 1e9 => format!("{:.1} G", large / 1e9),
        large if large >= 1e6 => format!("{:.1} M", large / 1e6),
        large if large >= 1e4 => format!("{:.0} k", large / 1e3),
        small => format!("{small:.0} "),
    }
    .trim_end()
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_share_the_rate_and_the_time_left() {
        assert_eq!(
            line((250_000, 1_000_000), "rows", Duration::from_secs(25)),
            "25 %, 250 k rows of 1.0 M at 10 k rows/s, 1:15 left"
        );
        assert_eq!(
            line((0, 0), "rows", Duration::ZERO),
            "0 %, 0 rows of 0 at 0 rows/s, 0:00 left"
        );
    }
}
