//! How far a long piece of work is: a line that changes at a terminal, a line now and then elsewhere.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use rustix::termios::tcgetwinsize;

/// How often the line changes, and how often one is written where lines stay.
const AT_TERMINAL: Duration = Duration::from_millis(200);
const ELSEWHERE: Duration = Duration::from_secs(10);
/// How many characters a bar has where there is room, and how few are still worth it.
const BAR: usize = 24;
const SHORTEST_BAR: usize = 6;
/// Of a terminal that does not say how wide it is.
const WIDTH: usize = 80;

/// A piece of work in stages: each has a line of its own.
pub(crate) struct Stages<S> {
    /// What is done in a stage, and what is counted.
    said: fn(S) -> (&'static str, &'static str),
    now: Option<(S, Progress)>,
}

impl<S: Copy + PartialEq> Stages<S> {
    pub(crate) fn new(said: fn(S) -> (&'static str, &'static str)) -> Self {
        Self { said, now: None }
    }

    /// So much of this stage is done, of so much in all.
    pub(crate) fn tell(&mut self, stage: S, done: u64, all: u64) {
        let is_new = self.now.as_ref().is_none_or(|(now, _)| *now != stage);
        if is_new {
            // The line of the stage before goes first.
            self.now = None;
        }
        let (what, unit) = (self.said)(stage);
        let begin = || (stage, Progress::of(what, unit));
        let (_, progress) = self.now.get_or_insert_with(begin);
        progress.tell(done, all);
    }
}

/// One piece of work.
struct Progress {
    what: &'static str,
    unit: &'static str,
    began: Instant,
    told: Instant,
    is_terminal: bool,
    has_written: bool,
}

impl Progress {
    fn of(what: &'static str, unit: &'static str) -> Self {
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

    fn tell(&mut self, done: u64, all: u64) {
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
        let line = format!("{}: {line}", self.what);
        let mut stderr = io::stderr().lock();
        // Nobody may be reading, which is no fault.
        let _ = if self.is_terminal {
            self.has_written = true;
            write!(stderr, "\r{}\x1b[K", fitted(&line, (done, all), width()))
        } else {
            writeln!(stderr, "{line}")
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

fn width() -> usize {
    let told = tcgetwinsize(io::stderr()).map(|size| usize::from(size.ws_col));
    told.ok().filter(|width| *width > 0).unwrap_or(WIDTH)
}

/// The line with a bar before it where both have room, and never more than a terminal of this width shows in one row:
/// what is in a second one can't be written over.
fn fitted(line: &str, (done, all): (u64, u64), width: usize) -> String {
    let room = width.saturating_sub(1);
    let left = room.saturating_sub(line.chars().count() + "[] ".len());
    if left < SHORTEST_BAR {
        return line.chars().take(room).collect();
    }
    let length = left.min(BAR);
    let share = u128::from(done.min(all)) * length as u128 / u128::from(all.max(1));
    let full = usize::try_from(share).unwrap_or(length);
    format!("[{}{}] {line}", "#".repeat(full), "-".repeat(length - full))
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

    #[test]
    fn a_bar_takes_the_room_that_the_line_leaves_and_nothing_goes_into_a_second_row() {
        let check = |width, done, expected: &str| {
            assert_eq!(fitted("writing: 25 %", (done, 100), width), expected);
        };
        check(80, 25, "[######------------------] writing: 25 %");
        check(80, 0, "[------------------------] writing: 25 %");
        check(80, 100, "[########################] writing: 25 %");
        check(27, 50, "[#####-----] writing: 25 %");
        check(22, 25, "writing: 25 %");
        check(9, 25, "writing:");
        assert_eq!(fitted("", (0, 0), 12), "[--------] ");
    }
}
