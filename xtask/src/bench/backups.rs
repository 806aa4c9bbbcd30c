//! Backups: making, proving and restoring one of two million rows, beside the tools of each engine.

mod timed;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::load::Part;
use super::stores::Cluster;
use super::target::megabytes;
use super::{Bench, pendopo};
use crate::tools;
use timed::{Taken, time};

/// So many people, and as many messages.
const ROWS: u64 = 1_000_000;
/// In a quick run.
const FEW: u64 = 10_000;

/// One step by one tool, on a database of this many bytes.
pub(crate) struct Step {
    what: &'static str,
    bytes: u64,
    taken: Taken,
}

/// Every step on both engines; none when they are not wanted.
pub(crate) fn measure(bench: &Bench) -> Result<Vec<Step>> {
    if !bench.wants(Part::Backups) || !bench.invites("pendopo") {
        return Ok(Vec::new());
    }
    tools::debian(&[("sqlite3", "sqlite3")])?;
    let rows = if bench.quick { FEW } else { ROWS };
    Ok([on_sqlite(bench, rows)?, on_postgres(bench, rows)?]
        .into_iter()
        .flatten()
        .collect())
}

fn on_sqlite(bench: &Bench, rows: u64) -> Result<Vec<Step>> {
    let folder = bench.folder("backups-sqlite")?;
    drop(pendopo::launch(bench, &folder, &[])?);
    pendopo::fill(&folder, &pendopo::rows(rows, rows))?;
    let file = folder.join("data/pendopo.db");
    let bytes = file.metadata()?.len();
    let sqlite = |words: [String; 2]| {
        let mut command = Command::new("sqlite3");
        command.current_dir(&folder).args(words);
        time(&mut command)
    };
    let step = |what, taken| Step { what, bytes, taken };
    let [create, verify, restore] = ours(bench, &folder, &[])?;
    let copy = "copy.db".to_owned();
    let vacuum = sqlite([
        "data/pendopo.db".to_owned(),
        "VACUUM INTO 'copy.db'".to_owned(),
    ])?;
    let check = sqlite([copy, "PRAGMA integrity_check".to_owned()])?;
    let back = sqlite(["back.db".to_owned(), ".restore copy.db".to_owned()])?;
    Ok(vec![
        step("SQLite: `pendopo backup create`, proved", create),
        step("SQLite: `VACUUM INTO`", vacuum),
        step("SQLite: `pendopo backup verify`", verify),
        step("SQLite: `PRAGMA integrity_check` of the copy", check),
        step(
            "SQLite: `pendopo backup restore`, with a safety copy",
            restore,
        ),
        step("SQLite: `.restore` of the copy", back),
    ])
}

fn on_postgres(bench: &Bench, rows: u64) -> Result<Vec<Step>> {
    let cluster = Cluster::start()?;
    let started = cluster.school(bench, "backups", rows, rows)?;
    let folder = started.folder.clone();
    drop(started);
    let bytes = cluster.size("backups")?;
    let step = |what, taken| Step { what, bytes, taken };
    let [create, verify, restore] = ours(bench, &folder, &[cluster.records("backups")])?;
    let dump = folder.join("dump");
    let mut tool = cluster.client("pg_dump");
    let dumped = time(tool.args(["-Fc", "-f"]).arg(&dump).arg("backups"))?;
    cluster.create("back")?;
    let mut tool = cluster.client("pg_restore");
    let back = time(tool.args(["-d", "back"]).arg(&dump))?;
    Ok(vec![
        step("PostgreSQL: `pendopo backup create`, proved", create),
        step("PostgreSQL: `pg_dump -Fc`", dumped),
        step("PostgreSQL: `pendopo backup verify`", verify),
        step(
            "PostgreSQL: `pendopo backup restore`, with a safety copy",
            restore,
        ),
        step("PostgreSQL: `pg_restore`", back),
    ])
}

/// Makes one, proves it once more, and restores it over what is there.
fn ours(bench: &Bench, folder: &Path, settings: &[String]) -> Result<[Taken; 3]> {
    let run = |words: &[&str]| {
        let mut command = Command::new(pendopo::binary(bench));
        command.current_dir(folder).args(["--data", "data"]);
        for setting in settings {
            command.args(["--set", setting]);
        }
        time(command.arg("backup").args(words))
    };
    let create = run(&["create"])?;
    let name = only_archive(&folder.join("data/backups"))?;
    let (verify, restore) = (run(&["verify", &name])?, run(&["restore", &name])?);
    Ok([create, verify, restore])
}

fn only_archive(place: &Path) -> Result<String> {
    let names = fs::read_dir(place).with_context(|| format!("reading {}", place.display()))?;
    let names = names.flatten().map(|entry| entry.file_name());
    let names = names.filter_map(|name| name.into_string().ok());
    let archives: Vec<String> = names.filter(|name| name.ends_with(".tar.zst")).collect();
    ensure!(archives.len() == 1, "archives: {archives:?}");
    Ok(archives[0].clone())
}

/// The section of the report.
pub(crate) fn text(steps: &[Step]) -> Result<String> {
    if steps.is_empty() {
        return Ok(String::new());
    }
    let mut text = "\n## Backups\n\n\
        A million people and a million messages; MB/s are those of the database's size. A backup of Pendopo's is compressed, \
        and restored into a scratch place and compared before it counts; a restore keeps what was there.\n\n\
        | step | s | MB/s | peak memory MB |\n|---|---|---|---|\n"
        .to_owned();
    for step in steps {
        let seconds = step.taken.time.as_secs_f64();
        writeln!(
            text,
            "| {} | {seconds:.1} | {:.0} | {:.1} |",
            step.what,
            megabytes(step.bytes) / seconds,
            megabytes(step.taken.peak)
        )?;
    }
    Ok(text)
}
