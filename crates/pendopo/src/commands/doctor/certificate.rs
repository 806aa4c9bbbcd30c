//! The certificate that clients are really served: found out by a handshake.

use std::time::Duration;

use anyhow::{Context, Result};
use edge::{OwnListener, Shown};
use school::Timestamp;
use tokio::runtime::Builder;

use super::report::Report;
use super::server::Running;
use crate::config::Config;

/// A certificate that ends sooner, or has less than a quarter of its life left, should have been renewed by now.
const SOON: Duration = Duration::from_hours(14 * 24);

pub(super) fn examine(
    config: &Config,
    running: Option<&Running>,
    now: Timestamp,
    report: &mut Report,
) {
    let Some(running) = running else { return };
    let Some(listener) = running
        .fact("edge", "https listener")
        .and_then(|url| url.strip_prefix("https://"))
    else {
        return report.warn("certificate", "no HTTPS listener is open: passwords travel in the clear unless a proxy in front encrypts");
    };
    shown(config, listener, now, report);
    fetching(running, report);
    own_files(running, report);
}

/// What is shown for each domain, each certificate told once; without domains, to whoever names nothing.
fn shown(config: &Config, listener: &str, now: Timestamp, report: &mut Report) {
    let mut told = Vec::new();
    let names = config.domains.iter().map(|domain| Some(domain.as_str()));
    let anyone = config.domains.is_empty().then_some(None);
    for name in names.chain(anyone) {
        match look(listener, config, name) {
            Ok(shown) => {
                if let Some(name) = name.filter(|name| !shown.certificate.stands_for(name)) {
                    report.fail("certificate", format!("none stands for `{name}`"));
                }
                if !told.contains(&shown.certificate) {
                    grade(&shown, now, report);
                    told.push(shown.certificate);
                }
            }
            Err(error) => report.fail(
                "certificate",
                format!("no handshake with {listener}: {error:#}"),
            ),
        }
    }
}

/// Certificates of the operator's own whose files can't be used as they stand.
fn own_files(running: &Running, report: &mut Report) {
    if let Some(fault) = running
        .fact("edge", "certificate fault")
        .filter(|fault| *fault != "none")
    {
        report.fail(
            "own files",
            format!("{fault}; until then the last good one serves"),
        );
    }
}

/// How the next certificate is come by, where one is fetched.
fn fetching(running: &Running, report: &mut Report) {
    let fact = |name| running.fact("edge", name);
    let Some(next) = fact("certificate next attempt") else {
        return;
    };
    if let Some(missing) = fact("certificate missing").filter(|missing| *missing != "none") {
        let text = format!("none was fetched for {missing}: browsers warn of the server's own");
        report.fail("certificate", text);
    }
    match fact("certificate last error").filter(|error| *error != "none") {
        Some(error) => report.warn("renewal", format!("{error}; the next attempt is at {next}")),
        None => report.good("renewal", format!("at {next}")),
    }
}

/// What a handshake showed, and whether it will do for a while.
fn grade(shown: &Shown, now: Timestamp, report: &mut Report) {
    let said = &shown.certificate;
    let subject = if said.subject.is_empty() {
        String::new()
    } else {
        format!("{}, ", said.subject)
    };
    let names = said.names.join(", ");
    let text = format!(
        "{subject}for {names}; from {}; until {}; {}",
        said.issuer, said.not_after, shown.version
    );
    let time = |time: jiff::Timestamp| Timestamp(time.as_microsecond());
    let (starts, ends) = (time(said.not_before), time(said.not_after));
    if names.is_empty() {
        report.fail("certificate", format!("is for no name: {text}"));
    } else if ends <= now {
        report.fail("certificate", format!("has ended: {text}"));
    } else if ends.since(now) < SOON.min(ends.since(starts) / 4) {
        report.warn("certificate", format!("ends soon: {text}"));
    } else {
        report.good("certificate", text);
    }
}

fn look(listener: &str, config: &Config, name: Option<&str>) -> Result<Shown> {
    let address = listener.parse().context("the listener's address")?;
    let listener = OwnListener::new(address, &config.edge);
    let runtime = Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(edge::look(listener, name))?)
}
