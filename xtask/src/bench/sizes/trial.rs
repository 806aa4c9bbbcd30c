//! One trial: so many users at a server of one size, for some seconds.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::Size;
use super::search::Outcome;
use crate::bench::cgroup::Group;
use crate::bench::contender::Started;
use crate::bench::process::{cpu_seconds, memory_bytes};
use crate::bench::{Bench, pendopo};
use crate::program::say;

/// Everybody's password.
pub(super) const PASSWORD: &str = "bangku-kapur-jendela";

/// What nobody minds, at the 99th percentile of each kind of act.
const BEARABLE_US: f64 = 200_000.0;

/// What users alone need, beside what every contender has.
const SETTINGS: [&str; 2] = [
    "web.limit.sign_in_all.rate=1000r/s",
    "web.limit.sign_in_all.burst=1000",
];

/// The times of one kind of act.
#[derive(Deserialize)]
pub(super) struct Times {
    count: u32,
    p50_us: f64,
    p99_us: f64,
}

/// What the load counted.
#[derive(Deserialize)]
pub(super) struct Counted {
    pub(super) sign_in: Times,
    pub(super) read: Times,
    pub(super) post: Times,
    failed: u32,
    duration_us: f64,
}

/// What the users met, and what it took.
pub(super) struct Trial {
    pub(super) counted: Counted,
    /// Processor seconds a second: of the server, and of the load.
    pub(super) cores: f64,
    pub(super) load_cores: f64,
    pub(super) memory: u64,
}

/// A server and a load of its own for each, so that none suffers from the one before.
pub(super) fn run(bench: &Bench, folder: &Path, size: &Size, users: u32) -> Result<Outcome<Trial>> {
    let group = Group::make("pendopo-bench-size", &size.limits())?;
    let settings = SETTINGS.map(str::to_owned);
    let server = pendopo::launch_in(Some(&group), bench, folder, &settings)?;
    let mut load = Load::start(bench, &server, size, users)?;
    let trial = load.follow(bench.seconds, &group, &server);
    drop((load, server));
    let trial = match trial {
        Ok(trial) => trial,
        Err(error) => return Ok(Outcome::Missed(format!("the load broke off ({error:#})"))),
    };
    say(&format!("{}, {users} users: {trial}", size.name));
    Ok(match trial.counted.fault() {
        None => Outcome::Held(trial),
        Some(why) => Outcome::Missed(why),
    })
}

/// The running load.
struct Load {
    child: Child,
    told: BufReader<ChildStdout>,
}

impl Load {
    fn start(bench: &Bench, server: &Started, size: &Size, users: u32) -> Result<Self> {
        let address = server.secure.context("it does not listen for HTTPS")?;
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", &size.cpus_of_load()?]);
        command.arg(&bench.rig).args(["school", "--authority"]);
        command.arg(server.folder.join("data/tls/ca.pem"));
        command.args(["--password", PASSWORD, "--users", &users.to_string()]);
        command.args(["--seconds", &bench.seconds.to_string()]);
        command.arg(address.to_string());
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().context("starting the load")?;
        let told = child.stdout.take().context("its output is piped")?;
        Ok(Self {
            child,
            told: BufReader::new(told),
        })
    }

    /// From the moment when everybody is connected to the end.
    fn follow(&mut self, seconds: u64, group: &Group, server: &Started) -> Result<Trial> {
        let mut line = String::new();
        self.told.read_line(&mut line)?;
        ensure!(line == "connected\n", "not everybody could connect");
        let id = [self.child.id()];
        let (begun, cpu, own) = (Instant::now(), group.cpu()?, cpu_seconds(&id));
        sleep(Duration::from_millis(seconds * 750));
        let memory = memory_bytes(&server.ids());
        let mut rest = String::new();
        self.told.read_to_string(&mut rest)?;
        // Whoever has ended and was not waited for yet still tells what it used.
        let cpu = group.cpu()?.saturating_sub(cpu);
        let own = cpu_seconds(&id) - own;
        let elapsed = begun.elapsed().as_secs_f64();
        let last = rest.lines().last().unwrap_or_default();
        let counted: Counted =
            serde_json::from_str(last).with_context(|| format!("it said: {rest}"))?;
        if counted.failed > 0 {
            say(rest.trim_end());
        }
        Ok(Trial {
            counted,
            cores: cpu.as_secs_f64() / elapsed,
            load_cores: own / elapsed,
            memory,
        })
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // Both fail when it has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Counted {
    pub(super) fn per_second(&self) -> f64 {
        let acts = self.sign_in.count + self.read.count + self.post.count;
        f64::from(acts) * 1e6 / self.duration_us
    }

    /// Why so many users are not held.
    fn fault(&self) -> Option<String> {
        if self.failed > 0 {
            return Some(format!("{} acts failed", self.failed));
        }
        let kinds = [
            ("sign-ins", &self.sign_in),
            ("reads", &self.read),
            ("posts", &self.post),
        ];
        let slow = kinds.iter().find(|(_, times)| !times.are_bearable());
        slow.map(|(name, times)| match times.count {
            0 => format!("no {name} were counted"),
            _ => format!("the 99th percentile of {name} was {:.0} ms", times.p99_ms()),
        })
    }
}

impl Times {
    pub(super) fn p99_ms(&self) -> f64 {
        self.p99_us / 1e3
    }

    fn are_bearable(&self) -> bool {
        self.count > 0 && self.p99_us < BEARABLE_US
    }
}

impl fmt::Display for Times {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:.1} · {:.1}", self.p50_us / 1e3, self.p99_ms())
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counted {
            sign_in,
            read,
            post,
            failed,
            ..
        } = &self.counted;
        write!(
            out,
            "{:.0}/s, reads {read}, posts {post}, sign-ins {sign_in} ms, {failed} failed, {:.2} cores, the load {:.2}",
            self.counted.per_second(),
            self.cores,
            self.load_cores
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(sign_in_us: f64, posts: u32, failed: u32) -> Counted {
        let times = |count, p99_us| Times {
            count,
            p50_us: 1_000.0,
            p99_us,
        };
        Counted {
            sign_in: times(5, sign_in_us),
            read: times(80, 2_000.0),
            post: times(posts, 9_000.0),
            failed,
            duration_us: 1e6,
        }
    }

    #[test]
    fn users_are_held_when_each_kind_of_act_is_quick_and_none_fails() {
        assert_eq!(counted(199_000.0, 15, 0).fault(), None);
        let slow = counted(200_000.0, 15, 0).fault();
        assert_eq!(
            slow.as_deref(),
            Some("the 99th percentile of sign-ins was 200 ms")
        );
        assert_eq!(
            counted(1.0, 15, 2).fault().as_deref(),
            Some("2 acts failed")
        );
        assert_eq!(
            counted(1.0, 0, 0).fault().as_deref(),
            Some("no posts were counted")
        );
    }
}
