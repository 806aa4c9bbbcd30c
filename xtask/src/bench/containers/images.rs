//! The seed stack's images: a Debian root by debootstrap for each server, and over it what its Dockerfile would copy.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::bench::Bench;
use crate::deploy_test::engine::Engine;
use crate::program::{output, run};

pub(super) const NGINX: &str = "pendopo-bench-nginx";
pub(super) const GUNICORN: &str = "pendopo-bench-gunicorn";
pub(super) const POSTGRES: &str = "pendopo-bench-postgres";

/// What each needs of Debian's packages.
const ROOTS: [(&str, &str); 3] = [
    (NGINX, "nginx-light"),
    (GUNICORN, "python3"),
    (POSTGRES, "postgresql-15"),
];

/// All three, by name; the roots are made once and kept below `target`, since each takes a minute.
pub(super) fn build(bench: &Bench, engine: &Engine) -> Result<[&'static str; 3]> {
    for (name, package) in ROOTS {
        let archive = root(bench, name, package)?;
        let archive = archive.to_str().context("the path of target is no text")?;
        engine.docker(&["import", archive, &of_root(name)])?;
        let place = bench.folder(name)?;
        let lines = match name {
            NGINX => front(bench, &place)?,
            GUNICORN => app(bench, &place)?,
            _ => String::new(),
        };
        fs::write(
            place.join("Dockerfile"),
            format!("FROM {}\n{lines}", of_root(name)),
        )?;
        let mut docker = engine.client("docker")?;
        run(docker.args(["build", "--quiet", "--tag", name]).arg(&place))?;
    }
    Ok(ROOTS.map(|row| row.0))
}

fn of_root(name: &str) -> String {
    format!("{name}-root")
}

/// The archive of a root with this package, as a careful Dockerfile leaves it: without lists and archives of packages.
fn root(bench: &Bench, name: &str, package: &str) -> Result<PathBuf> {
    let kept = bench.root.join("target/bench-roots");
    let archive = kept.join(format!("{name}.tar"));
    if archive.exists() {
        return Ok(archive);
    }
    fs::create_dir_all(&kept)?;
    let place = bench.folder("root")?;
    let include = format!("--include={package}");
    let mut debootstrap = Command::new("debootstrap");
    debootstrap.args(["--variant=minbase", &include, "bookworm"]);
    run(debootstrap.arg(&place).arg(mirror()?)).context("debootstrap makes roots, as root")?;
    let unfinished = kept.join("unfinished.tar");
    let mut tar = Command::new("tar");
    tar.arg("--directory").arg(&place);
    tar.args([
        "--exclude=./var/cache/apt/*",
        "--exclude=./var/lib/apt/lists/*",
    ]);
    run(tar.arg("--create").arg("--file").arg(&unfinished).arg("."))?;
    fs::rename(&unfinished, &archive)?;
    fs::remove_dir_all(&place)?;
    Ok(archive)
}

/// Where this machine has its packages from.
fn mirror() -> Result<String> {
    let told = output(Command::new("apt-get").args(["indextargets", "--format", "$(REPO_URI)"]))?;
    let first = told.lines().next();
    first.map(str::to_owned).context("apt knows no mirror")
}

fn front(bench: &Bench, place: &Path) -> Result<String> {
    let template = fs::read_to_string(bench.root.join("bench/seed/nginx.conf"))
        .context("reading bench/seed/nginx.conf")?;
    let config = template
        .replace("PLACE", "/place")
        .replace("127.0.0.1:HTTPS", "443")
        .replace("127.0.0.1:GUNICORN", "gunicorn:8000");
    fs::write(place.join("nginx.conf"), config)?;
    for name in ["cert.pem", "key.pem"] {
        fs::copy(bench.place.join(name), place.join(name))?;
    }
    Ok("COPY nginx.conf cert.pem key.pem /place/\n".to_owned())
}

fn app(bench: &Bench, place: &Path) -> Result<String> {
    let copy = |from: PathBuf, to: &str| {
        let mut copy = Command::new("cp");
        output(
            copy.args(["--recursive", "--dereference"])
                .arg(from)
                .arg(place.join(to)),
        )
    };
    let library = fs::read_dir(bench.venv.join("lib"))?.flatten().next();
    let library = library.context("the environment of Python has no library")?;
    let version = library
        .file_name()
        .into_string()
        .ok()
        .context("it has no name")?;
    copy(library.path().join("site-packages"), "packages")?;
    copy(bench.root.join("bench/seed"), "app")?;
    Ok(format!(
        "COPY packages /usr/local/lib/{version}/dist-packages\nCOPY app /app\nWORKDIR /app\n\
         ENV SEED_DATABASE=sqlite:////data/data.sqlite\n"
    ))
}
