//! `cargo xtask version`: counts the development version up, or makes a release of it, in the manifest and the changes.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use crate::generate;
use crate::program::{cargo, output, run as run_program, say};

/// What stands where nothing has changed yet.
const NOTHING: &str = "Nothing yet.";

#[derive(Args)]
pub(crate) struct Options {
    /// What becomes of the version
    step: Step,
    /// Which number a development version raises that follows a release
    #[arg(long, default_value = "minor")]
    raise: Raise,
}

/// What becomes of the version.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    /// `0.1.0-dev.1` becomes `0.1.0-dev.2`; `0.1.0` becomes `0.2.0-dev.1`
    Dev,
    /// `0.1.0-dev.2` becomes `0.1.0`
    Release,
}

/// One of the three numbers.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Raise {
    Major,
    Minor,
    Patch,
}

/// Writes the new version into Cargo.toml, Cargo.lock, CHANGELOG.md and what is generated.
pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    let (manifest, changes) = (root.join("Cargo.toml"), root.join("CHANGELOG.md"));
    let read = |path: &Path| {
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
    };
    let (manifest_text, changes_text) = (read(&manifest)?, read(&changes)?);
    let old = current(&manifest_text)?;
    let new = next(old, options.step, options.raise)?;
    let day = output(Command::new("date").arg("+%F"))?;
    let renewed = changed(&changes_text, (old, &new), day.trim())?;
    let line = |version: &str| format!("version = \"{version}\"");
    let text = manifest_text.replacen(&line(old), &line(&new), 1);
    std::fs::write(&manifest, text).context("writing Cargo.toml")?;
    std::fs::write(&changes, renewed).context("writing CHANGELOG.md")?;
    run_program(cargo(root).args(["update", "--workspace", "--offline"]))?;
    generate::run(root)?;
    say(&format!("{old} is now {new}"));
    Ok(())
}

/// The version of the workspace, by its manifest.
pub(crate) fn current(manifest: &str) -> Result<&str> {
    let (_, section) = manifest
        .split_once("[workspace.package]\nversion = \"")
        .context("Cargo.toml has no version at the head of `[workspace.package]`")?;
    let (version, _) = section.split_once('"').context("it has no end")?;
    Ok(version)
}

fn next(old: &str, step: Step, raise: Raise) -> Result<String> {
    let (numbers, count) = match old.split_once("-dev.") {
        Some((numbers, count)) => (numbers, Some(count)),
        None => (old, None),
    };
    match (step, count) {
        (Step::Release, None) => bail!("{old} is a release already: `cargo xtask version dev`"),
        (Step::Release, Some(_)) => Ok(numbers.to_owned()),
        (Step::Dev, Some(count)) => {
            let count: u32 = count
                .parse()
                .with_context(|| format!("`{old}` ends in no number"))?;
            Ok(format!("{numbers}-dev.{}", count + 1))
        }
        (Step::Dev, None) => Ok(format!("{}-dev.1", raised(numbers, raise)?)),
    }
}

fn raised(numbers: &str, raise: Raise) -> Result<String> {
    let parts: Vec<u32> = numbers
        .split('.')
        .map(str::parse)
        .collect::<Result<_, _>>()
        .with_context(|| format!("`{numbers}` is no version"))?;
    let [major, minor, patch] = parts[..] else {
        bail!("`{numbers}` has not three numbers");
    };
    Ok(match raise {
        Raise::Major => format!("{}.0.0", major + 1),
        Raise::Minor => format!("{major}.{}.0", minor + 1),
        Raise::Patch => format!("{major}.{minor}.{}", patch + 1),
    })
}

/// The changes with the section of the old version under its new name, or with a new one above that of a release.
fn changed(changes: &str, (old, new): (&str, &str), day: &str) -> Result<String> {
    let heading = changes
        .lines()
        .find(|line| line.starts_with("## "))
        .context("CHANGELOG.md has no section")?;
    let version = heading.trim_start_matches("## ");
    if version.split(' ').next() != Some(old) {
        bail!("the first section of CHANGELOG.md is `{version}`, not that of {old}");
    }
    if !old.contains("-dev.") {
        let section = format!("## {new}\n\n{NOTHING}\n\n{heading}");
        return Ok(changes.replacen(heading, &section, 1));
    }
    if new.contains("-dev.") {
        return Ok(changes.replacen(heading, &format!("## {new}"), 1));
    }
    let body = section(changes, heading);
    if body.trim().is_empty() || body.trim() == NOTHING {
        bail!("CHANGELOG.md says nothing of {new}: write down what changed for users");
    }
    Ok(changes.replacen(heading, &format!("## {new} ({day})"), 1))
}

/// What stands below a heading.
fn section<'a>(changes: &'a str, heading: &str) -> &'a str {
    let body = changes.split_once(heading).map_or("", |(_, body)| body);
    body.split_once("\n## ").map_or(body, |(body, _)| body)
}

#[cfg(test)]
mod tests;
