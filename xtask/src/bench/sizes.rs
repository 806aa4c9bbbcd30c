//! Sizes: how many users a machine of each size of the e-raport seed's table holds, with times that nobody minds.

mod readme;
mod search;
mod trial;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::cgroup::Limits;
use super::load::Part;
use super::target::megabytes;
use super::{Bench, pendopo};
use crate::program::{output, say};
use search::{Bounds, Found};
use trial::Trial;

pub(crate) use readme::renew;

/// A row of the seed's table.
pub(super) struct Size {
    cores: usize,
    memory_bytes: u64,
    name: &'static str,
    /// What the seed says of it.
    told: &'static str,
}

const SIZES: [Size; 2] = [
    Size {
        cores: 1,
        memory_bytes: 512 << 20,
        name: "1 core, 512 MB",
        told: "< 50",
    },
    Size {
        cores: 2,
        memory_bytes: 2 << 30,
        name: "2 cores, 2 GB",
        told: "< 500",
    },
];

/// Accounts, and the most users that are tried: each has a connection, which is a file of the load's process.
const ACCOUNTS: u32 = 15_000;

/// Where the search begins, and how near its two ends must come, as a share of what is held.
const BOUNDS: Bounds = Bounds {
    first: 1_000,
    most: ACCOUNTS,
    nearness: 8,
};

/// A size with what it held, and the next number, which it did not.
pub(crate) struct Held {
    size: &'static Size,
    found: Found<Trial>,
}

/// All sizes; none when they are not wanted.
pub(crate) fn measure(bench: &Bench) -> Result<Vec<Held>> {
    if !bench.wants(Part::Sizes) || !bench.invites("pendopo") {
        return Ok(Vec::new());
    }
    let folder = bench.folder("sizes")?;
    fill(bench, &folder)?;
    let held = SIZES.iter().map(|size| {
        let found = search::most(&BOUNDS, |users| trial::run(bench, &folder, size, users))
            .with_context(|| format!("on {}", size.name))?;
        say(&format!("{}: {} users", size.name, found.users()));
        Ok(Held { size, found })
    });
    held.collect()
}

/// A school with everybody's account, and a session for each.
fn fill(bench: &Bench, folder: &Path) -> Result<()> {
    drop(pendopo::launch(bench, folder, &[])?);
    pendopo::fill(folder, &pendopo::rows(1_000, 1_000))?;
    std::fs::write(folder.join("password"), trial::PASSWORD).context("writing the password")?;
    let add = [
        "user",
        "add",
        "Siswa",
        "1",
        "--username",
        "siswa1",
        "--password-file",
        "password",
    ];
    let mut ours = Command::new(pendopo::binary(bench));
    output(ours.current_dir(folder).args(["--data", "data"]).args(add))?;
    let mut python = Command::new(bench.venv.join("bin/python"));
    python.arg(bench.root.join("bench/school.py"));
    python.arg(folder.join("data/pendopo.db"));
    output(python.arg(ACCOUNTS.to_string())).map(drop)
}

const INTRODUCTION: &str = "\n## Users that a machine holds\n\n\
    The sizes are those of the e-raport seed's table; a control group holds the server to its cores and its memory.\n\
    A user acts every 5 to 15 s by a timetable that no answer changes (an open model), and times count from the planned moment.\n\
    Of 20 acts one is a sign-in (a new connection, the form, the password by Argon2id with 19 MiB, the page after it), three post a message, \
    the others read the newest 50 messages or one's account; all over TLS 1.3, each user from an address and with an account of their own.\n\
    Held are as many users as can be before the 99th percentile of any of the three kinds reaches 200 ms or an act fails; \
    what is missed is tried once more.\n\
    With the defaults, `web.limit.sign_in_all` refuses more than 20 sign-ins a second, which is 4,000 such users: above, it was raised.\n";

/// The section of the report.
pub(crate) fn text(held: &[Held]) -> Result<String> {
    if held.is_empty() {
        return Ok(String::new());
    }
    let mut text = format!(
        "{INTRODUCTION}\n| machine | the seed says | users | acts/s | reads p50 · p99 ms | posts p50 · p99 ms | \
         sign-ins p50 · p99 ms | cores used | memory MB | cores of the load |\n|---|---|---|---|---|---|---|---|---|---|\n"
    );
    for Held { size, found } in held {
        let (name, told, users) = (size.name, size.told, found.users());
        let Some((_, trial)) = &found.held else {
            writeln!(
                text,
                "| {name} | {told} | {users} | – | – | – | – | – | – | – |"
            )?;
            continue;
        };
        writeln!(
            text,
            "| {name} | {told} | {users} | {:.0} | {} | {} | {} | {:.2} | {:.0} | {:.2} |",
            trial.counted.per_second(),
            trial.counted.read,
            trial.counted.post,
            trial.counted.sign_in,
            trial.cores,
            megabytes(trial.memory),
            trial.load_cores,
        )?;
    }
    for Held { size, found } in held {
        if let Some((users, why)) = &found.missed {
            writeln!(text, "\n{}: at {users} users {why}.", size.name)?;
        }
    }
    text += &beside()?;
    Ok(text)
}

/// Where the load ran.
fn beside() -> Result<String> {
    let all = std::thread::available_parallelism()?.get();
    let shared = SIZES.iter().filter(|size| size.cores >= all);
    let shared: Vec<_> = shared.map(|size| size.name).collect();
    Ok(if shared.is_empty() {
        "\nThe load ran on cores of its own.\n".to_owned()
    } else {
        format!(
            "\nThe load ran on the machine's other core, but for {}: there it took its share of the same cores, \
             so that a machine of that size, whose users are elsewhere, holds more.\n",
            shared.join(" and ")
        )
    })
}

impl Size {
    fn limits(&self) -> Limits {
        Limits {
            cores: self.cores,
            cpus: cpus(0, self.cores),
            memory_bytes: self.memory_bytes,
        }
    }

    /// The cores that are left for the load, or all where none is.
    fn cpus_of_load(&self) -> Result<String> {
        let all = std::thread::available_parallelism()?.get();
        Ok(if all > self.cores {
            cpus(self.cores, all)
        } else {
            cpus(0, all)
        })
    }
}

fn cpus(from: usize, until: usize) -> String {
    format!("{from}-{}", until - 1)
}
