//! A store that goes and comes back: what it keeps is missed meanwhile, and nothing else is.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use super::project::Project;
use super::{compose, wait_for};

const TEXT: &str = "it is in a store of its own";
/// Until a store that is away is noticed, and the edge has seen so of every `web`.
const NOTICED_WITHIN: Duration = Duration::from_secs(30);

pub(super) fn redis_is_missed(project: &Project<'_>) -> Result<()> {
    is_missed(project, "redis")
}

pub(super) fn mongo_is_missed(project: &Project<'_>) -> Result<()> {
    is_missed(project, "mongo")?;
    let moved = || Ok(documents(project, "message")? > 0 && documents(project, "audit")? > 0);
    wait_for(
        "messages and the trail are in MongoDB",
        NOTICED_WITHIN,
        moved,
    )
    .map(drop)
}

/// Messages are there; people are with the records.
fn is_missed(project: &Project<'_>, store: &str) -> Result<()> {
    let token = format!("Bearer {}", compose::token(project)?);
    let ask = |path: &str| {
        let mut client = project.client()?;
        client.authorize(&token);
        client.get(path)
    };
    let mut writer = project.client()?;
    writer.authorize(&token);
    writer.post("/messages", &json!({ "message": TEXT }))?;
    project.compose_good(&["stop", store])?;
    let is_noticed = || Ok(ask("/messages")?.status == 503);
    wait_for("messages are missed", NOTICED_WITHIN, is_noticed)?;
    for turn in 0..5 {
        let people = ask("/users?limit=1")?.status;
        ensure!(
            people == 200,
            "without {store}, people are answered {people} at turn {turn}"
        );
        std::thread::sleep(Duration::from_secs(1));
    }
    project.up(&[], &[])?;
    let page = ask("/messages")?;
    let page = String::from_utf8_lossy(&page.body).into_owned();
    ensure!(page.contains(TEXT), "the message is gone: {page}");
    Ok(())
}

/// How many there are of a kind, as the server itself counts.
fn documents(project: &Project<'_>, kind: &str) -> Result<u64> {
    let count = format!("db.getSiblingDB('pendopo').{kind}.countDocuments()");
    let certificates = [
        "--tlsCAFile",
        "/run/secrets/mongo-ca",
        "--tlsCertificateKeyFile",
        "/run/secrets/mongo-server",
    ];
    let told = project.compose_good(
        &[
            &["exec", "-T", "mongo", "mongosh", "--quiet", "--tls"],
            &certificates[..],
            &[
                "--username",
                "pendopo",
                "--password",
                &project.secret("mongo-password")?,
                "--eval",
                &count,
            ],
        ]
        .concat(),
    )?;
    Ok(told.trim().parse()?)
}
