//! The image: built by every line of `deploy/Dockerfile`, but for the compiler, which can't be pulled.
//!
//! The binary is made here by the very command of the Dockerfile. The image that it builds from is stood in for by one
//! whose `cargo` hands that binary over, and only when it is called by the same words.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::MetadataCommand;
use serde_json::Value;

use super::engine::Engine;
use crate::program::{frugal_cargo, run, say};
use crate::tools;

/// The binary that is in the image, as it is built outside.
pub(super) const BINARY: &str = "target/release/pendopo";
const DOCKERFILE: &str = "deploy/Dockerfile";
/// A shell and small servers, for whatever has to stand in.
pub(super) const SHELL: &str = "pendopo-deploy-test-shell";
/// The most that the image may have.
const MOST_BYTES: u64 = 30_000_000;

/// Its name, as the manifests have it.
pub(crate) fn name() -> String {
    format!("pendopo:{}", env!("CARGO_PKG_VERSION"))
}

pub(crate) fn build(root: &Path, engine: &Engine) -> Result<()> {
    let text = fs::read_to_string(root.join(DOCKERFILE)).context(DOCKERFILE)?;
    same_compiler(root, &text)?;
    let words = compile(root, &text)?;
    stand_in(root, engine, from(&text)?, &words)?;
    let version = format!("VERSION={}", env!("CARGO_PKG_VERSION"));
    let image = name();
    run(engine
        .client("docker")?
        .current_dir(root)
        .args(["build", "--quiet", "--file", DOCKERFILE, "--tag", &image])
        .args(["--build-arg", &version, "."]))?;
    check(engine, &image)
}

/// Makes the binary that the image has.
pub(crate) fn binary(root: &Path) -> Result<PathBuf> {
    let text = fs::read_to_string(root.join(DOCKERFILE)).context(DOCKERFILE)?;
    compile(root, &text)?;
    Ok(root.join(BINARY))
}

/// Compiles with the words of the Dockerfile, which are returned.
fn compile(root: &Path, text: &str) -> Result<Vec<String>> {
    let words = compiling(text)?;
    run(frugal_cargo(root).args(&words[1..]))?;
    Ok(words)
}

/// The compiler of the image is the one that everything else is built by.
fn same_compiler(root: &Path, text: &str) -> Result<()> {
    let toolchain = fs::read_to_string(root.join("rust-toolchain.toml"))?;
    let toolchain: toml::Table = toolchain.parse()?;
    let channel = toolchain["toolchain"]["channel"].as_str();
    let channel = channel.context("rust-toolchain.toml names no channel")?;
    for line in [
        format!("FROM rust:{channel}-slim-bookworm AS compiler"),
        format!("ENV RUSTUP_TOOLCHAIN={channel}"),
    ] {
        ensure!(
            text.lines().any(|found| found == line),
            "{DOCKERFILE} has no `{line}`"
        );
    }
    Ok(())
}

/// The words by which the Dockerfile has the binary made.
fn compiling(text: &str) -> Result<Vec<String>> {
    let commands = text.lines().filter_map(|line| line.strip_prefix("RUN "));
    let mut words = commands.filter_map(|line| serde_json::from_str::<Vec<String>>(line).ok());
    let found = words.find(|words| words.first().is_some_and(|word| word == "cargo"));
    found.with_context(|| format!("{DOCKERFILE} has no `RUN [\"cargo\", …]`"))
}

/// The name of the image that has the compiler.
pub(super) fn compiler(root: &Path) -> Result<String> {
    let text = fs::read_to_string(root.join(DOCKERFILE)).context(DOCKERFILE)?;
    from(&text).map(str::to_owned)
}

fn from(text: &str) -> Result<&str> {
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("FROM "));
    let first = lines
        .next()
        .and_then(|line| line.strip_suffix(" AS compiler"));
    first.with_context(|| format!("{DOCKERFILE} begins with no `FROM … AS compiler`"))
}

fn stand_in(root: &Path, engine: &Engine, name: &str, words: &[String]) -> Result<()> {
    let place = root.join("target/deploy-test/compiler");
    fs::create_dir_all(&place)?;
    let shell = tools::program("busybox").context("busybox is not there")?;
    fs::copy(shell, place.join("busybox"))?;
    fs::copy(root.join(BINARY), place.join("pendopo"))?;
    fs::write(place.join("needed"), needed(root)?.join("\n") + "\n")?;
    let script = format!(
        "#!/bin/sh\n[ \"cargo $*\" = '{}' ] || {{ echo \"other words than were run outside: $*\"; exit 1; }}\n\
         while read -r needed; do\n\
         [ -f \"$needed\" ] || {{ echo \"$needed is not in the context: see .dockerignore\"; exit 1; }}\ndone < /needed\n\
         mkdir -p target/release && cp /pendopo target/release/pendopo\n",
        words.join(" ")
    );
    fs::write(place.join("cargo"), script)?;
    fs::set_permissions(place.join("cargo"), fs::Permissions::from_mode(0o755))?;
    let recipe = "FROM scratch\nCOPY busybox /bin/busybox\nRUN [\"/bin/busybox\", \"--install\", \"/bin\"]\n\
                  COPY cargo /bin/cargo\nCOPY pendopo needed /\n";
    fs::write(place.join("Dockerfile"), recipe)?;
    run(engine
        .client("docker")?
        .args(["build", "--quiet", "--tag", name, "--tag", SHELL])
        .arg(&place))
}

/// What the binary was built of outside, as Cargo tells: every file that was compiled, each member's manifest, and what
/// Cargo itself is told.
fn needed(root: &Path) -> Result<Vec<String>> {
    let mut needed = [".cargo/config.toml", "Cargo.lock", "Cargo.toml"]
        .map(str::to_owned)
        .to_vec();
    let told = root.join(BINARY).with_extension("d");
    let told = fs::read_to_string(&told).with_context(|| told.display().to_string())?;
    let (_, files) = told.split_once(": ").context("Cargo names no file")?;
    needed.extend(files.split_whitespace().map(str::to_owned));
    let metadata = MetadataCommand::new().no_deps().current_dir(root).exec()?;
    let manifests = metadata
        .packages
        .iter()
        .map(|package| &package.manifest_path);
    needed.extend(manifests.map(ToString::to_string));
    let prefix = format!("{}/", root.display());
    let inside = needed.iter().map(|file| file.trim_start_matches(&prefix));
    Ok(inside.map(str::to_owned).collect())
}

fn check(engine: &Engine, image: &str) -> Result<()> {
    let told = engine.docker(&["image", "inspect", "--format", "{{json .}}", image])?;
    let told: Value = serde_json::from_str(&told)?;
    let size = told["Size"].as_u64().unwrap_or(u64::MAX);
    ensure!(
        size <= MOST_BYTES,
        "the image has {size} bytes, more than {MOST_BYTES}"
    );
    say(&format!(
        "   the image has {:.1} MB",
        bytes_as_megabytes(size)
    ));
    let config = &told["Config"];
    ensure!(
        config["User"] == "65532:65532",
        "its user is {}",
        config["User"]
    );
    let health = &config["Healthcheck"]["Test"];
    ensure!(
        health[0] == "CMD",
        "its health check needs a shell: {health}"
    );
    for label in ["title", "description", "licenses", "version", "revision"] {
        let label = format!("org.opencontainers.image.{label}");
        ensure!(
            config["Labels"][&label].is_string(),
            "it has no label {label}"
        );
    }
    let shell = ["run", "--rm", "--entrypoint", "/bin/sh", image];
    let complaint = engine.docker_refuses(&shell)?;
    if !complaint.contains("no such file") {
        bail!("it seems to have a shell: {complaint}");
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
fn bytes_as_megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
