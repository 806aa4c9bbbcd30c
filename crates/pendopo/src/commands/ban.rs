//! `pendopo ban …`: who is refused at the door, directly in the store, also beside a running server. Each change is in the
//! audit trail.

use std::net::IpAddr;
use std::process::ExitCode;

use anyhow::{Context, Error, Result, anyhow, bail};
use jiff::Timestamp;
use serde_json::Value;
use traffic::ban_caution::{Surroundings, warning};
use traffic::ban_store::Author;
use traffic::{Ban, Network};

use super::healthcheck::ask;
use super::{Console, at_console};
use crate::cli::{BanCommand, NewBan};
use crate::config::{Config, RecordsOrRedis};
use crate::console::{complain, say};

/// Does what the command says.
pub(super) fn run(config: &Config, command: BanCommand) -> Result<ExitCode> {
    at_console(config, async |console| {
        match command {
            BanCommand::Add(new) => add(&console, config, new).await?,
            BanCommand::List => list(&console).await?,
            BanCommand::Remove { network } => remove(&console, network).await?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn add(console: &Console, config: &Config, new: NewBan) -> Result<()> {
    let server = Server::of(config);
    let surroundings = Surroundings {
        masking: server.masking(),
        ..edge::surroundings(&config.edge)
    };
    let network = new.network;
    let mut warnings = Vec::from_iter(warning(network).map(|warning| warning.to_string()));
    match surroundings.objection(network) {
        Some(objection) if !new.force => {
            bail!("{network} is not banned: {objection}; with `--force` it is banned all the same")
        }
        objection => warnings.extend(objection.map(|objection| objection.to_string())),
    }
    warnings.extend(server.lacks_bans(config));
    let (bans, now) = (&console.bans, moment(console)?);
    let ban = Ban {
        network,
        reason: new.reason,
        by: console.actor.name(),
        since: now,
        until: new.length.map(|length| now + length),
        is_forced: new.force,
    };
    let before = bans.find(network, now).await?;
    bans.put(&ban, before.as_ref(), &author(console)).await?;
    let again = if before.is_some() {
        ", in the place of the ban before"
    } else {
        ""
    };
    say(format!("{network} is banned {}{again}", end(&ban)));
    for told in warnings {
        complain(&anyhow!("look out: {told}"));
    }
    Ok(())
}

async fn list(console: &Console) -> Result<()> {
    say(format!(
        "{:<39}  {:<27}  {:<27}  {:<6}  {:<12}  {}",
        "network", "since", "until", "forced", "by", "reason"
    ));
    for ban in console.bans.list(moment(console)?).await? {
        let until = ban
            .until
            .map_or("for good".to_owned(), |until| until.to_string());
        let forced = if ban.is_forced { "yes" } else { "no" };
        say(format!(
            "{:<39}  {:<27}  {until:<27}  {forced:<6}  {:<12}  {}",
            ban.network.to_string(),
            ban.since.to_string(),
            ban.by,
            ban.reason
        ));
    }
    Ok(())
}

async fn remove(console: &Console, network: Network) -> Result<()> {
    let now = moment(console)?;
    let Some(ban) = console.bans.find(network, now).await? else {
        bail!("there is no ban of {network}: `pendopo ban list` shows all");
    };
    console.bans.remove(&ban, &author(console), now).await?;
    say(format!("{network} is let in again"));
    let others = console.bans.list(now).await?;
    for other in others.iter().filter(|other| other.network.meets(network)) {
        complain(&anyhow!("look out: {} is banned as well", other.network));
    }
    Ok(())
}

fn moment(console: &Console) -> Result<Timestamp> {
    Timestamp::from_microsecond(console.now().0).context("the clock shows an impossible time")
}

fn author(console: &Console) -> Author {
    let actor = &console.actor;
    Author {
        name: actor.name(),
        address: actor.address,
        request_id: actor.request_id.clone(),
    }
}

fn end(ban: &Ban) -> String {
    ban.until
        .map_or("for good".to_owned(), |until| format!("until {until}"))
}

/// Where an edge stands elsewhere, by itself.
const NO_EDGE: &str = "the server that runs here plays `web` alone, and an edge by itself can't read bans in the records: \
    name a Redis server in `store.bans`, here and there";

/// What a server that runs here says of itself; nothing if none does.
struct Server(Value);

impl Server {
    fn of(config: &Config) -> Self {
        let said = ask(config.admin.listen, "/status");
        let facts = said.and_then(|(_, body)| serde_json::from_str(&body).map_err(Error::from));
        Self(facts.unwrap_or_default())
    }

    /// The address behind which it sees nearly everybody.
    fn masking(&self) -> Option<IpAddr> {
        let fact = self.0["edge"]["client addresses"].as_str()?;
        fact.strip_prefix("hidden behind ")?.parse().ok()
    }

    /// Why it can't hold bans in force, or nobody can.
    fn lacks_bans(&self, config: &Config) -> Option<String> {
        let is_in_records = config.store.bans == RecordsOrRedis::Records;
        if is_in_records && self.0["process"]["roles"].as_str() == Some("web") {
            return Some(NO_EDGE.to_owned());
        }
        let fact = self.0["bans"]["in force"].as_str()?;
        let why = fact.strip_prefix("none can be: ")?;
        Some(format!(
            "the server that runs here holds no bans in force: {why}"
        ))
    }
}
