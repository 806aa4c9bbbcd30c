//! `pendopo cert`: how the certificate stands, and having one fetched now.

use std::process::ExitCode;

use anyhow::{Result, anyhow};
use edge::{Certificate, Fetching};
use jiff::Timestamp;
use school::Clock;

use crate::cli::{CertificateCommand, RoleName};
use crate::config::Config;
use crate::console::say;
use crate::control::{Request, ask};
use crate::usage::Usage;

pub(super) fn run(config: &Config, command: CertificateCommand) -> Result<ExitCode> {
    match command {
        CertificateCommand::Status => status(config),
        CertificateCommand::Renew => renew(config),
    }
}

/// Reads the files, so that it works with a server and without.
fn status(config: &Config) -> Result<ExitCode> {
    let now = Timestamp::from_microsecond(Clock::System.now().0)?;
    let found = edge::inspect(&config.edge, &config.domains, &config.data, now)?;
    for certificate in &found.certificates {
        line("names", certificate.names.join(", "));
        line("issuer", &certificate.issuer);
        line("until", whole(certificate.not_after));
    }
    if found.certificates.is_empty() {
        let why = match &found.fetching {
            Some(_) => "none yet: no certificate has been fetched",
            None => "none yet: the first start makes a local certificate",
        };
        line("names", why);
    }
    if let Some(fetching) = &found.fetching {
        tell(fetching, now);
    } else {
        let why = "none: certificates are fetched for `domains`, unless you name your own";
        line("authority", why);
    }
    let fetching = found.fetching.as_ref();
    let is_missing = fetching.is_some_and(|fetching| !fetching.missing.is_empty());
    let has_ended = |certificate: &Certificate| certificate.not_after <= now;
    let is_bad =
        found.certificates.is_empty() || is_missing || found.certificates.iter().any(has_ended);
    Ok(ExitCode::from(u8::from(is_bad)))
}

/// How the fetching goes.
fn tell(fetching: &Fetching, now: Timestamp) {
    for name in &fetching.missing {
        line("missing", name);
    }
    line("authority", &fetching.directory);
    line("next attempt", next(fetching.next_attempt, now));
    for (at, error) in &fetching.errors {
        line("last error", format!("{} {error}", whole(*at)));
    }
    if fetching.errors.is_empty() {
        line("last error", "none");
    }
}

fn renew(config: &Config) -> Result<ExitCode> {
    if !config.edge.fetches_certificates(&config.domains) {
        let complaint = "no certificates are fetched here: set `domains`, and leave out `edge.tls` and `edge.acme.directory = \"off\"`";
        return Err(anyhow!(Usage(complaint.to_owned())));
    }
    say(ask(&config.data, RoleName::Edge, &Request::Renew)?);
    Ok(ExitCode::SUCCESS)
}

fn line(what: &str, found: impl std::fmt::Display) {
    say(format!("{what:<13} {found}"));
}

fn next(time: Timestamp, now: Timestamp) -> String {
    if time <= now {
        "at once".to_owned()
    } else {
        whole(time)
    }
}

/// To the second.
fn whole(time: Timestamp) -> String {
    Timestamp::from_second(time.as_second())
        .unwrap_or(time)
        .to_string()
}
