//! The images that can't be pulled, made of Debian's packages under the names that the manifests use.

mod compiler;
mod mongo;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::engine::Engine;
use super::image::SHELL;
use crate::program::{output, run};
use crate::tools;

pub(super) use compiler::compiler;
pub(super) use mongo::mongo;

/// Where Debian keeps PostgreSQL's versions, and what each has elsewhere.
const POSTGRES: &str = "/usr/lib/postgresql";
const POSTGRES_SHARE: &str = "/usr/share/postgresql";
const POSTGRES_PROGRAMS: [&str; 6] = [
    "initdb",
    "pg_ctl",
    "pg_dump",
    "pg_isready",
    "postgres",
    "psql",
];

/// What is done at the first start by the entry point of the image that this stands in for, and no more of it.
const POSTGRES_ENTRY: &str = r#"#!/bin/sh
set -e
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    mkdir -p "$PGDATA"
    initdb --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --locale=C.UTF-8 $POSTGRES_INITDB_ARGS
    echo "listen_addresses = '*'" >> "$PGDATA/postgresql.conf"
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    pg_ctl --wait --options="-c listen_addresses=''" start
    psql --username="$POSTGRES_USER" --dbname=postgres --command="CREATE DATABASE $POSTGRES_DB"
    pg_ctl --wait --mode=fast stop
fi
exec "$@"
"#;

/// The image that has `tail`, as the manifests name it.
const READER: &str = "busybox:1.37.0";

/// An image: the files of this machine that it has, and what is done with them.
#[derive(Default)]
struct Recipe<'a> {
    tag: &'a str,
    programs: Vec<PathBuf>,
    /// Programs that stand elsewhere in the image.
    moved: Vec<(PathBuf, &'a str)>,
    folders: Vec<PathBuf>,
    /// Folders that stand in another one in the image: a container has nothing of its own below `/tmp`.
    placed: Vec<(PathBuf, &'a str)>,
    lines: String,
    /// Programs of a few lines, by their names.
    scripts: Vec<(&'a str, String)>,
}

/// PostgreSQL of this machine's version.
pub(super) fn postgres(root: &Path, engine: &Engine) -> Result<()> {
    let version = postgres_version()?;
    let home = Path::new(POSTGRES).join(&version);
    let programs = POSTGRES_PROGRAMS.map(|name| home.join("bin").join(name));
    let library = |name: &str| home.join("lib").join(name);
    let recipe = Recipe {
        tag: "postgres:17-bookworm",
        programs: [
            &programs[..],
            &["plpgsql.so", "dict_snowball.so", "libpqwalreceiver.so"].map(library),
        ]
        .concat(),
        folders: vec![
            Path::new(POSTGRES_SHARE).join(&version),
            PathBuf::from("/usr/share/zoneinfo/Etc"),
            PathBuf::from("/usr/lib/locale/C.utf8"),
        ],
        lines: format!(
            // That signal closes connections; the usual one waits until the last client has gone.
            "ENV PATH=/bin:{}/bin\nVOLUME /var/lib/postgresql/data\nSTOPSIGNAL SIGINT\nENTRYPOINT [\"/bin/entry\"]\n",
            home.display()
        ),
        scripts: vec![("entry", POSTGRES_ENTRY.to_owned())],
        ..Recipe::default()
    };
    build(root, engine, &recipe, "/var/lib/postgresql/data")
}

pub(super) fn redis(root: &Path, engine: &Engine) -> Result<()> {
    let program = |name| tools::program(name).with_context(|| format!("{name} is not there"));
    let recipe = Recipe {
        tag: "redis:7.2-bookworm",
        programs: vec![program("redis-server")?, program("redis-cli")?],
        lines: "ENV PATH=/bin:/usr/bin\nVOLUME /data\nWORKDIR /data\n".to_owned(),
        ..Recipe::default()
    };
    build(root, engine, &recipe, "/data")
}

/// `PgBouncer`, with the program that asks whether it answers.
pub(super) fn pgbouncer(root: &Path, engine: &Engine) -> Result<()> {
    let home = Path::new(POSTGRES).join(postgres_version()?).join("bin");
    let pgbouncer = tools::program("pgbouncer").context("pgbouncer is not there")?;
    let recipe = Recipe {
        tag: "edoburu/pgbouncer:v1.23.1-p3",
        programs: vec![pgbouncer, home.join("pg_isready")],
        lines: format!("ENV PATH=/bin:/usr/sbin:{}\n", home.display()),
        ..Recipe::default()
    };
    build(root, engine, &recipe, "/etc/pgbouncer")
}

/// Who follows a log needs nothing but the shell's programs.
pub(super) fn log_reader(engine: &Engine) -> Result<()> {
    engine.docker(&["tag", SHELL, READER]).map(drop)
}

fn postgres_version() -> Result<String> {
    let versions = fs::read_dir(POSTGRES).context("PostgreSQL is not there")?;
    let names = versions.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let newest = names.max_by_key(|name| name.parse::<u32>().unwrap_or(0));
    newest.with_context(|| format!("there is no version in {POSTGRES}"))
}

/// The folders of the data belong to the server's user, as in the image that this stands in for.
fn build(root: &Path, engine: &Engine, recipe: &Recipe<'_>, data: &str) -> Result<()> {
    let place = root.join("target/deploy-test/stand-in");
    let files = place.join("files");
    if place.exists() {
        fs::remove_dir_all(&place)?;
    }
    for program in &recipe.programs {
        copy(program, &inside(&files, program))?;
    }
    for (program, place) in &recipe.moved {
        copy(program, &inside(&files, Path::new(place)))?;
    }
    let moved = recipe.moved.iter().map(|(program, _)| program);
    for library in libraries(recipe.programs.iter().chain(moved))? {
        copy(&library, &inside(&files, &library))?;
    }
    let own_place = |folder| (folder, Path::parent(folder).unwrap_or(folder));
    let placed = recipe.placed.iter();
    let placed = placed.map(|(folder, place)| (folder.as_path(), Path::new(*place)));
    let folders = recipe.folders.iter().map(PathBuf::as_path).map(own_place);
    for (folder, place) in folders.chain(placed) {
        let target = inside(&files, place);
        fs::create_dir_all(&target)?;
        output(Command::new("cp").args(["-rL"]).arg(folder).arg(target))?;
    }
    let etc = files.join("etc");
    fs::create_dir_all(&etc)?;
    fs::write(
        etc.join("passwd"),
        "root:x:0:0::/:\nserver:x:999:999::/tmp:\n",
    )?;
    for (name, text) in &recipe.scripts {
        let script = files.join("bin").join(name);
        fs::create_dir_all(files.join("bin"))?;
        fs::write(&script, text)?;
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    }
    let lines = format!(
        "FROM {SHELL}\nCOPY files /\nRUN mkdir -p {data} && chown 999:999 {data} && chmod 1777 {data}\n{}",
        recipe.lines
    );
    fs::write(place.join("Dockerfile"), lines)?;
    let words = ["build", "--quiet", "--tag", recipe.tag];
    run(engine.client("docker")?.args(words).arg(&place))?;
    Ok(fs::remove_dir_all(&place)?)
}

/// What the programs are linked with, the loader included, by the paths under which they look for it.
fn libraries<'a>(programs: impl Iterator<Item = &'a PathBuf>) -> Result<BTreeSet<PathBuf>> {
    let told = output(Command::new("ldd").args(programs))?;
    let paths = told.lines().filter_map(|line| {
        let words = line.split_whitespace();
        words.map(Path::new).find(|word| word.is_absolute())
    });
    // The programs are named as well, each with a colon behind.
    Ok(paths
        .filter(|path| path.exists())
        .map(Path::to_owned)
        .collect())
}

fn copy(file: &Path, target: &Path) -> Result<()> {
    fs::create_dir_all(target.parent().context("a file stands in a folder")?)?;
    fs::copy(file, target).with_context(|| format!("copying {}", file.display()))?;
    Ok(())
}

fn inside(files: &Path, path: &Path) -> PathBuf {
    files.join(path.strip_prefix("/").unwrap_or(path))
}
