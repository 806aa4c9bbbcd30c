//! The image by itself: it makes secrets, and plays every role in one container that holds no more than it needs.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use super::engine::Engine;
use super::project::{PATIENCE, free_port, secrets};
use super::{hardening, image, must_be_true, wait_for};
use crate::http::Client;
use crate::program::say;

const NAME: &str = "pendopo-deploy-alone";
const TEXT: &str = "it outlives a container that was alone";
/// How long the container has to end by itself.
const GRACE: &str = "--time=40";

pub(super) fn check(root: &Path, engine: &Engine) -> Result<()> {
    say("── the image by itself");
    let logs = || {
        engine
            .said(NAME)
            .unwrap_or_else(|error| format!("{error:#}\n"))
    };
    must_be_true("its container makes secrets", logs, || {
        makes_secrets(root, engine)
    })?;
    remove(engine);
    let outcome = must_be_true("it plays every role and keeps its data", logs, || {
        serves(engine)
    });
    remove(engine);
    outcome
}

fn remove(engine: &Engine) {
    // What is not there needs no removing.
    let _ = engine.docker(&["rm", "--force", NAME]);
    let _ = engine.docker(&["volume", "rm", "--force", NAME]);
}

/// The same files, for the same people, as the program makes outside.
fn makes_secrets(root: &Path, engine: &Engine) -> Result<()> {
    let outside = secrets(root, NAME)?;
    let inside = outside.with_extension("by-container");
    if inside.exists() {
        fs::remove_dir_all(&inside)?;
    }
    fs::create_dir(&inside)?;
    let image = image::name();
    let volume = format!("{}:/secrets", inside.display());
    let words = [
        "run",
        "--rm",
        "--network=none",
        "--user=0:0",
        "--volume",
        &volume,
    ];
    engine.docker(&[&words[..], &[&image, "init-secrets", "--to", "/secrets"]].concat())?;
    let (outside, inside) = (files(&outside)?, files(&inside)?);
    ensure!(
        outside == inside,
        "in a container the secrets are {inside:?}, not {outside:?}"
    );
    Ok(())
}

/// Who may do what with each file.
fn files(folder: &Path) -> Result<BTreeMap<String, [u32; 3]>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        let name = entry.file_name().to_string_lossy().into_owned();
        files.insert(name, [about.uid(), about.gid(), about.mode()]);
    }
    Ok(files)
}

/// As the documents say, with nothing but one volume and a little memory to write.
fn start(engine: &Engine, port: u16) -> Result<()> {
    let volume = format!("{NAME}:/data");
    let port = format!("127.0.0.1:{port}:8080");
    let image = image::name();
    let words = [
        "run",
        "--detach",
        "--name",
        NAME,
        "--read-only",
        "--tmpfs=/tmp",
        "--cap-drop=ALL",
    ];
    let more = [
        "--security-opt=no-new-privileges",
        "--volume",
        &volume,
        "--publish",
        &port,
        &image,
    ];
    engine.docker(&[&words[..], &more].concat())?;
    let is_healthy = || Ok(engine.inspect(NAME)?["State"]["Health"]["Status"] == "healthy");
    wait_for("the container is healthy", PATIENCE, is_healthy).map(drop)
}

fn serves(engine: &Engine) -> Result<()> {
    let port = free_port()?;
    let client = || Client::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    start(engine, port)?;
    hardening::processes(engine, "the image alone", NAME)?;
    let token = engine.token(NAME)?;
    let mut writer = client()?;
    writer.authorize(&format!("Bearer {token}"));
    writer.post("/messages", &json!({ "message": TEXT }))?;
    engine.docker(&["stop", GRACE, NAME])?;
    let code = engine.inspect(NAME)?["State"]["ExitCode"].clone();
    ensure!(code == 0, "it ended with {code}");
    engine.docker(&["rm", NAME])?;
    start(engine, port)?;
    let page = client()?.get("/")?;
    let page = String::from_utf8_lossy(&page.body).into_owned();
    ensure!(page.contains(TEXT), "the message is gone: {page}");
    engine.docker(&["exec", NAME, "/pendopo", "healthcheck"])?;
    let asked = || client().and_then(|mut client| client.get("/health"));
    wait_for("it is healthy from outside", Duration::from_secs(5), || {
        Ok(asked()?.status == 200)
    })
    .map(drop)
}
