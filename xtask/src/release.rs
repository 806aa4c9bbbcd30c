//! `cargo xtask release`: the archive that is handed out, with what is in it and a checksum of each file.

mod sbom;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::deploy_test::image;
use crate::program::{output, run as run_program, say};
use crate::version;
use crate::workspace::Workspace;

/// What is beside the binary.
const BESIDE: &[&str] = &["CHANGELOG.md", "LICENSE", "README.md", "deploy", "docs"];

/// Builds the static binary, and writes the archive, the bill of materials and the checksums below `target/release-…`.
pub(crate) fn run(root: &Path) -> Result<()> {
    let manifest =
        std::fs::read_to_string(root.join("Cargo.toml")).context("reading Cargo.toml")?;
    let version = version::current(&manifest)?;
    let name = format!("pendopo-{version}-{}-linux", std::env::consts::ARCH);
    let folder = emptied(&root.join(format!("target/release-{version}")))?;
    copy(root, &folder, &name)?;
    let inside = folder.join(&name);
    // The very one of the image, which needs no library of the system.
    std::fs::copy(image::binary(root)?, inside.join("pendopo")).context("copying the binary")?;
    pack(&folder, &name)?;
    std::fs::remove_dir_all(&inside).context("removing what was packed")?;
    let bill = sbom::text(&Workspace::read(root)?, &read_lock(root)?)?;
    std::fs::write(folder.join(format!("{name}.cdx.json")), bill).context("writing the bill")?;
    checksums(&folder)?;
    say(&format!("written: {}", folder.display()));
    Ok(())
}

fn emptied(folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)
            .with_context(|| format!("emptying {}", folder.display()))?;
    }
    std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    Ok(folder.to_owned())
}

/// What is committed and nothing else: secrets of a trial may stand in `deploy/`.
fn copy(root: &Path, folder: &Path, name: &str) -> Result<()> {
    let committed = folder.join("committed.tar");
    let mut archive = Command::new("git");
    archive
        .current_dir(root)
        .args(["archive", "--format=tar"])
        .arg(format!("--prefix={name}/"))
        .arg(format!("--output={}", committed.display()))
        .arg("HEAD")
        .args(BESIDE);
    run_program(&mut archive)?;
    let mut unpack = Command::new("tar");
    run_program(unpack.current_dir(folder).args(["-xf", "committed.tar"]))?;
    std::fs::remove_file(&committed).context("removing what was unpacked")
}

/// The same bytes for the same files, whoever packs them.
fn pack(folder: &Path, name: &str) -> Result<()> {
    let same = [
        "--sort=name",
        "--owner=0",
        "--group=0",
        "--numeric-owner",
        "--mtime=@0",
        "--format=posix",
        "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime",
    ];
    let mut tar = Command::new("tar");
    tar.current_dir(folder)
        .args(same)
        .args(["--use-compress-program=gzip -9n", "-cf"])
        .arg(format!("{name}.tar.gz"))
        .arg(name);
    run_program(&mut tar)
}

fn checksums(folder: &Path) -> Result<()> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .context("reading the release")?
        .map(|entry| Ok(entry?.file_name()))
        .collect::<std::io::Result<_>>()
        .context("reading the release")?;
    names.sort();
    let sums = output(Command::new("sha256sum").current_dir(folder).args(names))?;
    std::fs::write(folder.join("SHA256SUMS"), sums).context("writing the checksums")
}

fn read_lock(root: &Path) -> Result<String> {
    std::fs::read_to_string(root.join("Cargo.lock")).context("reading Cargo.lock")
}

#[cfg(test)]
mod tests;
