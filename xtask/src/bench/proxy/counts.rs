//! What one request takes in instructions, system calls and allocations, counted by the kernel.
//!
//! Counts hardly differ from run to run, so that they tell more of a change than times on a machine that is shared.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;

use super::case::CASES;
use super::door::Door;
use crate::bench::Bench;
use crate::bench::contender::Contender;
use crate::bench::load::Part;
use crate::bench::process::family;
use crate::bench::sample::Sample;
use crate::bench::wrk;
use crate::program::{output, say, signal};
use crate::tools;

const SECONDS: u64 = 2;

/// The counter takes so long to attach itself.
pub(super) const ATTACHING: Duration = Duration::from_millis(300);

const KERNEL: [&str; 3] = ["instructions:u", "instructions:k", "raw_syscalls:sys_enter"];

/// Entries of the C library by which memory is had.
const ALLOCATORS: [&str; 4] = ["malloc", "calloc", "realloc", "posix_memalign"];

/// Those of an allocator that a program brings along, as ours does; its parts in C use the C library's beside it.
const OWN_ALLOCATORS: [&str; 3] = [
    "mi_malloc_aligned",
    "mi_zalloc_aligned",
    "mi_realloc_aligned",
];

/// One contender's counts for one request.
pub(crate) struct Count {
    pub(super) name: &'static str,
    pub(super) user: f64,
    pub(super) kernel: f64,
    pub(super) calls: f64,
    /// Absent where memory comes from elsewhere, as in Go.
    pub(super) allocations: Option<f64>,
}

/// The same load at several contenders.
pub(crate) struct Group {
    pub(super) title: &'static str,
    pub(super) rows: Vec<Count>,
}

/// Each proxy under the short loads.
pub(super) fn of_doors(bench: &Bench, doors: &[Door]) -> Result<Vec<Group>> {
    let Some(counter) = Counter::wanted(bench)? else {
        return Ok(Vec::new());
    };
    let cases = CASES.iter().filter(|case| case.is_counted());
    let groups = cases.map(|case| {
        let rows = doors.iter().map(|door| {
            let load = || case.load(bench, door, SECONDS);
            counter.count(door.name, &door.ids(), &load)
        });
        Ok(Group {
            title: case.title,
            rows: rows.collect::<Result<_>>()?,
        })
    });
    groups.collect()
}

/// The school's own request, at those who answer it.
pub(crate) fn of_contenders(bench: &Bench, contenders: &[Contender]) -> Result<Option<Group>> {
    let Some(counter) = Counter::wanted(bench)? else {
        return Ok(None);
    };
    let asked = contenders
        .iter()
        .filter_map(|contender| Some((contender, contender.request(Part::Get)?)));
    let rows = asked.map(|(contender, request)| {
        let load = || wrk::load(request, SECONDS, &bench.place, &contender.ids());
        counter.count(contender.name, &contender.ids(), &load)
    });
    Ok(Some(Group {
        title: Part::Get.title(),
        rows: rows.collect::<Result<_>>()?,
    }))
}

/// The kernel's counters.
pub(super) struct Counter {
    pub(super) perf: PathBuf,
    file: PathBuf,
}

impl Counter {
    /// `None` when no counts are wanted or can be had.
    fn wanted(bench: &Bench) -> Result<Option<Self>> {
        if bench.wants(Part::Counts) {
            Self::new(bench)
        } else {
            Ok(None)
        }
    }

    /// `None` when the kernel lets nobody count, which is said.
    pub(super) fn new(bench: &Bench) -> Result<Option<Self>> {
        tools::debian(&[("perf", "linux-perf")])?;
        let perf = tools::program("perf").context("perf is missing")?;
        let file = bench.place.join("counts");
        let mut trial = Command::new(&perf);
        trial
            .args(["stat", "-x,", "-e", &KERNEL.join(","), "-o"])
            .arg(&file)
            .arg("true");
        let works = output(&mut trial).is_ok() && read(&file, KERNEL[0]).is_ok();
        if !works {
            say("this kernel lets nobody count instructions: that part is left out");
        }
        Ok(works.then_some(Self { perf, file }))
    }

    /// The instructions of a request, own and the kernel's.
    pub(super) fn instructions(
        &self,
        ids: &[u32],
        load: &dyn Fn() -> Result<Sample>,
    ) -> Result<[f64; 2]> {
        self.during(ids, &[KERNEL[0].to_owned(), KERNEL[1].to_owned()], load)
    }

    fn count(
        &self,
        name: &'static str,
        ids: &[u32],
        load: &dyn Fn() -> Result<Sample>,
    ) -> Result<Count> {
        let events = KERNEL.map(str::to_owned);
        let [user, kernel, calls] = self.during(ids, &events, load)?;
        let allocations = self.allocations(ids, load)?;
        Ok(Count {
            name,
            user,
            kernel,
            calls,
            allocations,
        })
    }

    /// Counts for each request of a load.
    fn during<const N: usize>(
        &self,
        ids: &[u32],
        events: &[String; N],
        load: &dyn Fn() -> Result<Sample>,
    ) -> Result<[f64; N]> {
        let ids: Vec<String> = family(ids).iter().map(u32::to_string).collect();
        let mut command = Command::new(&self.perf);
        command.args([
            "stat",
            "-x,",
            "-e",
            &events.join(","),
            "-p",
            &ids.join(","),
            "-o",
        ]);
        let child = command.arg(&self.file).stdin(Stdio::null()).spawn();
        let mut attached = Attached(child.context("starting perf")?);
        sleep(ATTACHING);
        let sample = load();
        attached.end()?;
        let requests = sample?.requests;
        let mut counts = [0.0; N];
        for (count, event) in counts.iter_mut().zip(events) {
            *count = read(&self.file, event)? / requests;
        }
        Ok(counts)
    }

    fn allocations(&self, ids: &[u32], load: &dyn Fn() -> Result<Sample>) -> Result<Option<f64>> {
        let Some(&id) = ids.first() else {
            return Ok(None);
        };
        let mut sum = 0.0;
        if let Some(library) = c_library(id) {
            sum += self.entered(ids, &library, ALLOCATORS, load)?;
        }
        let program =
            std::fs::read_link(format!("/proc/{id}/exe")).context("whose process is it")?;
        if self.knows(&program, OWN_ALLOCATORS[0])? {
            sum += self.entered(ids, &program, OWN_ALLOCATORS, load)?;
        }
        // Whoever calls them less than once in a hundred requests has an allocator of another kind.
        Ok((sum > 0.01).then_some(sum))
    }

    /// How often a request enters these functions of a file.
    fn entered<const N: usize>(
        &self,
        ids: &[u32],
        file: &Path,
        names: [&str; N],
        load: &dyn Fn() -> Result<Sample>,
    ) -> Result<f64> {
        let probes = Probes::set(&self.perf, file, &names)?;
        let counts = self.during(ids, &names.map(|name| format!("{GROUP}:{name}")), load);
        drop(probes);
        Ok(counts?.iter().sum())
    }

    /// Whether the file has a function of this name that a probe could be set at.
    fn knows(&self, file: &Path, name: &str) -> Result<bool> {
        let mut command = Command::new(&self.perf);
        command.args(["probe", "-F", name, "-x"]).arg(file);
        let listed = command
            .stderr(Stdio::null())
            .output()
            .context("starting perf")?;
        Ok(String::from_utf8_lossy(&listed.stdout)
            .lines()
            .any(|line| line == name))
    }
}

/// A running counter, which writes what it counted when it is interrupted.
pub(super) struct Attached(pub(super) Child);

impl Attached {
    pub(super) fn end(&mut self) -> Result<()> {
        signal(self.0.id(), Signal::INT);
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        // It has ended already unless a load failed.
        drop(self.end());
    }
}

const GROUP: &str = "xtask_bench";

/// Probes in a file, until they are dropped.
struct Probes<'a>(&'a Path);

impl<'a> Probes<'a> {
    fn set(perf: &'a Path, file: &Path, names: &[&str]) -> Result<Self> {
        let probes = Self(perf);
        let mut command = Command::new(perf);
        command.args(["probe", "-q", "-f", "-x"]).arg(file);
        for name in names {
            command.args(["-a", &format!("{GROUP}:{name}={name}")]);
        }
        let set = output(&mut command);
        set.with_context(|| format!("setting probes into {}", file.display()))?;
        Ok(probes)
    }
}

impl Drop for Probes<'_> {
    fn drop(&mut self) {
        let mut command = Command::new(self.0);
        // Failing means that there are none.
        drop(output(command.args([
            "probe",
            "-q",
            "-d",
            &format!("{GROUP}:*"),
        ])));
    }
}

/// The C library that a process runs with.
fn c_library(id: u32) -> Option<PathBuf> {
    let maps = std::fs::read_to_string(format!("/proc/{id}/maps")).ok()?;
    let line = maps.lines().find(|line| line.ends_with("/libc.so.6"))?;
    line.find('/').map(|at| PathBuf::from(&line[at..]))
}

/// One event of what perf wrote: `count,unit,event,…` a line.
fn read(file: &Path, event: &str) -> Result<f64> {
    let text = std::fs::read_to_string(file).context("reading what perf counted")?;
    parse(&text, event)
}

fn parse(text: &str, event: &str) -> Result<f64> {
    let lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let counts: Vec<&str> = lines
        .filter(|fields| fields.get(2) == Some(&event))
        .map(|fields| fields[0])
        .collect();
    ensure!(!counts.is_empty(), "perf did not count {event}: {text}");
    let counts = counts.iter().map(|count| {
        let count: Result<f64, _> = count.parse();
        count.with_context(|| format!("perf could not count {event}: {text}"))
    });
    counts.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_by_their_name() {
        let text = "# started\n\n112562,,instructions:u,9000,100.00,,\n7,,a:b,9000,100.00,,\n";
        assert!((parse(text, "instructions:u").unwrap() - 112_562.0).abs() < f64::EPSILON);
        assert!((parse(text, "a:b").unwrap() - 7.0).abs() < f64::EPSILON);
    }

    #[test]
    fn what_could_not_be_counted_is_no_zero() {
        assert!(parse("", "instructions:u").is_err());
        assert!(parse("<not supported>,,instructions:u,0,0,,\n", "instructions:u").is_err());
    }
}
