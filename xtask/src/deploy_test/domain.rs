//! A school on one server: its own domain with certificates from an authority, backups by the clock, and a new version.

mod authority;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::engine::Engine;
use super::outside::Outside;
use super::project::{PATIENCE, Project, free_port};
use super::{image, must_be_true, wait_for};
use crate::program::say;
use authority::Authority;

const DOMAIN: &str = "sekolah.example";
/// The server waits two minutes after its start before it makes a backup, and then for the next minute.
const BACKUP_WITHIN: Duration = Duration::from_mins(5);

type Step = (&'static str, fn(&Project<'_>, &Authority) -> Result<()>);

const STEPS: &[Step] = &[
    ("a certificate is fetched, and HTTP leads to HTTPS", fetched),
    ("a certificate is renewed without a restart", renewed),
    ("a backup is made by the clock, and put in force", backed_up),
    ("a new version keeps everything", updated),
];

pub(super) fn check(root: &Path, engine: &Engine) -> Result<()> {
    say("── compose.yaml with a domain");
    let _outside = Outside::build()?;
    let ports = (free_port()?, free_port()?);
    let authority = Authority::start(root, ports)?;
    let overlay = overlay(root, &authority)?;
    let manifests = ["compose.yaml", overlay.to_str().context("a path of UTF-8")?];
    let domain = vec![("PENDOPO_DOMAINS".to_owned(), DOMAIN.to_owned())];
    let project = Project::start_as(root, engine, &manifests, ports, domain)?;
    for (name, step) in STEPS {
        must_be_true(name, || project.logs(), || step(&project, &authority))?;
    }
    Ok(())
}

/// What differs from a server of the public: who certifies it, that its name leads to itself, and how often it makes backups.
fn overlay(root: &Path, authority: &Authority) -> Result<PathBuf> {
    let path = root.join("target/deploy-test/domain.yaml");
    let text = format!(
        "services:\n  edge:\n    extra_hosts:\n      - \"{DOMAIN}:127.0.0.1\"\n    environment:\n      PENDOPO_EDGE__ACME__DIRECTORY: {}\n      \
         PENDOPO_EDGE__ACME__CA_FILE: /etc/authority/root.pem\n    volumes:\n      - type: bind\n        \
         source: {}\n        target: /etc/authority\n        read_only: true\n  web:\n    environment:\n      \
         PENDOPO_BACKUP__SCHEDULE: \"* * * * *\"\n",
        authority.url,
        authority.place.display()
    );
    fs::write(&path, text)?;
    Ok(path)
}

fn fetched(project: &Project<'_>, authority: &Authority) -> Result<()> {
    let is_served = || Ok(authority.ask(DOMAIN, "/health").is_ok());
    wait_for("a certificate of the authority", PATIENCE, is_served)?;
    let (_, status) = authority.ask(DOMAIN, "/health")?;
    ensure!(status == 200, "/health is answered {status}");
    let mut client = project.client()?;
    client.send_part(&format!("GET /a?b HTTP/1.1\r\nHost: {DOMAIN}\r\n\r\n"))?;
    let answer = client.read()?;
    let to = answer.header("location").unwrap_or_default();
    ensure!(
        answer.status == 308
            && to.starts_with(&format!("https://{DOMAIN}"))
            && to.ends_with("/a?b"),
        "over HTTP the answer is {} to `{to}`",
        answer.status
    );
    let told = edge(project, &["check"])?;
    ensure!(told.contains("everything is good"), "`check` says: {told}");
    let told = edge(project, &["cert", "status"])?;
    for word in [DOMAIN, "until", "Pebble"] {
        ensure!(told.contains(word), "`cert status` says: {told}");
    }
    Ok(())
}

fn edge(project: &Project<'_>, words: &[&str]) -> Result<String> {
    project.compose_good(&[&["exec", "-T", "edge", "/pendopo"], words].concat())
}

fn web(project: &Project<'_>, words: &[&str]) -> Result<String> {
    project.compose_good(&[&["exec", "-T", "web", "/pendopo"], words].concat())
}

fn renewed(project: &Project<'_>, authority: &Authority) -> Result<()> {
    let id = project.container("edge")?;
    let before = (project.engine.pid(&id)?, authority.ask(DOMAIN, "/")?.0);
    edge(project, &["cert", "renew"])?;
    let is_new = || Ok(authority.ask(DOMAIN, "/")?.0 != before.1);
    wait_for("another certificate", PATIENCE, is_new)?;
    ensure!(
        project.engine.pid(&id)? == before.0,
        "the edge was restarted"
    );
    Ok(())
}

/// Who came after the backup is gone when it is put in force; who was there is there.
fn backed_up(project: &Project<'_>, _authority: &Authority) -> Result<()> {
    web(project, &["user", "add", "Ani", "Before"])?;
    let count = || -> Result<usize> { Ok(proved(&web(project, &["backup", "list"])?).len()) };
    let before = count()?;
    let is_made = || Ok(count()? > before);
    wait_for("a backup by the clock", BACKUP_WITHIN, is_made)?;
    // The list begins with the newest; those of the clock go on.
    let listed = web(project, &["backup", "list"])?;
    let name = proved(&listed).into_iter().next().context("a backup")?;
    web(project, &["user", "add", "Budi", "After"])?;
    project.compose_good(&["stop", "web"])?;
    project.compose_good(&["run", "--rm", "-T", "web", "backup", "restore", name])?;
    project.up(&[], &[])?;
    let people = web(project, &["user", "list"])?;
    ensure!(
        people.contains("Before") && !people.contains("After"),
        "after the restore there are: {people}"
    );
    Ok(())
}

fn proved(listed: &str) -> Vec<&str> {
    let lines = listed.lines().filter(|line| line.contains("found whole"));
    lines.filter_map(|line| line.split(' ').next()).collect()
}

/// The image has another name; records and certificate are those of before.
fn updated(project: &Project<'_>, authority: &Authority) -> Result<()> {
    let next = format!("{}-next", image::name());
    project.engine.docker(&["tag", &image::name(), &next])?;
    let certificate = authority.ask(DOMAIN, "/")?.0;
    project.up(&[], &[("IMAGE", &next)])?;
    let told = project.engine.inspect(&project.container("web")?)?;
    ensure!(
        told["Config"]["Image"] == next.as_str(),
        "the old version runs"
    );
    let people = web(project, &["user", "list"])?;
    ensure!(people.contains("Before"), "there are: {people}");
    let (after, status) = authority.ask(DOMAIN, "/")?;
    ensure!(
        after == certificate && status == 200,
        "another certificate, or answered {status}"
    );
    Ok(())
}
