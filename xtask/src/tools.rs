//! Brings the tools that a chore needs from Debian, `PyPI`, npm and crates.io, once.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::program::{cargo, output, run};

/// The test runner, when the machine has none.
const NEXTEST: &str = "0.9.143";

/// Where Debian puts programs, whether or not the caller's PATH names it.
const PLACES: &[&str] = &["/usr/bin", "/usr/sbin", "/bin", "/sbin"];

/// A Debian program by its full path.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    PLACES
        .iter()
        .map(|place| Path::new(place).join(name))
        .find(|path| path.is_file())
}

/// Installs the packages whose program is missing, given as `(program, package)`.
pub(crate) fn debian(wanted: &[(&str, &str)]) -> Result<()> {
    let missing = |wanted: &[(&'_ str, &'_ str)]| -> Vec<String> {
        wanted
            .iter()
            .filter(|(name, _)| program(name).is_none())
            .map(|row| row.1.to_owned())
            .collect()
    };
    let packages = missing(wanted);
    if packages.is_empty() {
        return Ok(());
    }
    apt(&packages)
        .with_context(|| format!("install it by hand: apt-get install {}", packages.join(" ")))?;
    match missing(wanted).as_slice() {
        [] => Ok(()),
        rest => bail!(
            "installed, yet its program is not there: {}",
            rest.join(" ")
        ),
    }
}

fn apt(packages: &[String]) -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        bail!("Debian packages are missing and only root may install them");
    }
    run(Command::new("apt-get").args(["update", "-qq"]))?;
    let quiet = ["install", "-y", "-qq", "--no-install-recommends"];
    run(Command::new("apt-get")
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(quiet)
        .args(packages))
}

/// A Python environment that holds exactly the pinned requirements.
pub(crate) fn python(place: &Path, requirements: &Path) -> Result<()> {
    let wanted = std::fs::read_to_string(requirements)
        .with_context(|| format!("reading {}", requirements.display()))?;
    let stamp = place.join("installed.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(place))
    .context("install Python with its venv module")?;
    run(Command::new(place.join("bin/pip"))
        .args(["install", "-q", "--no-deps", "-r"])
        .arg(requirements))?;
    std::fs::write(&stamp, wanted).with_context(|| format!("writing {}", stamp.display()))
}

/// A program of the tests' environment.
pub(crate) fn of_tests(root: &Path, name: &str) -> PathBuf {
    root.join("target/venv/bin").join(name)
}

/// One npm package with its exact version, under `place/node_modules`.
pub(crate) fn npm(place: &Path, (name, version): (&str, &str)) -> Result<()> {
    if npm_version(place, name).as_deref() == Some(version) {
        return Ok(());
    }
    debian(&[("npm", "npm")])?;
    let arguments = [
        "install",
        "--silent",
        "--no-save",
        "--ignore-scripts",
        "--prefix",
    ];
    run(Command::new("npm")
        .args(arguments)
        .arg(place)
        .arg(format!("{name}@{version}")))?;
    match npm_version(place, name) {
        Some(found) if found == version => Ok(()),
        found => bail!("npm installed {name} {found:?} where {version} was asked for"),
    }
}

fn npm_version(place: &Path, name: &str) -> Option<String> {
    let manifest = place.join("node_modules").join(name).join("package.json");
    let manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(manifest).ok()?).ok()?;
    manifest.get("version")?.as_str().map(str::to_owned)
}

/// The test runner: the machine's own, else built from source.
pub(crate) fn nextest(root: &Path) -> Result<()> {
    if output(cargo(root).args(["nextest", "--version"])).is_ok() {
        return Ok(());
    }
    run(cargo(root).args(["install", "--locked", "cargo-nextest", "--version", NEXTEST]))
        .context("cargo-nextest is needed and could not be built; install it by hand")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_the_system_is_found_and_an_unknown_one_is_not() {
        assert!(program("sh").is_some());
        assert_eq!(program("no-such-program"), None);
    }
}
