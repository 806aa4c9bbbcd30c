//! `pendopo token …`: API tokens, directly in the database, also beside a running server. Each change is in the audit trail.

use std::process::ExitCode;

use anyhow::Result;
use school::tokens::{self, NewToken, Scope, Token};

use super::{Console, at_console};
use crate::cli::TokenCommand;
use crate::config::Config;
use crate::console::say;

/// Does what the command says.
pub(super) fn run(config: &Config, command: TokenCommand) -> Result<ExitCode> {
    at_console(config, async |console| {
        match command {
            TokenCommand::New {
                person,
                label,
                scope,
                days,
                without_end,
            } => {
                let scope = Scope::parse(&scope).map_err(|error| anyhow::anyhow!("{error}"))?;
                let days = (!without_end).then_some(days);
                let person_id = console.person(&person).await?.id;
                new(
                    &console,
                    NewToken {
                        person_id,
                        label,
                        scope,
                        days,
                    },
                )
                .await?;
            }
            TokenCommand::List { person } => list(&console, person.as_deref()).await?,
            TokenCommand::Revoke { id } => {
                tokens::revoke(&console.stores, &console.actor, id, console.now()).await?;
                say(format!("token {id} is revoked"));
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn new(console: &Console, new: NewToken) -> Result<()> {
    let (token, secret) =
        tokens::create(&console.stores, &console.actor, new, console.now()).await?;
    say(format!(
        "token {}, good until {}, shown once:\n\n  {}\n",
        token.id,
        end(&token),
        secret.reveal()
    ));
    Ok(())
}

async fn list(console: &Console, person: Option<&str>) -> Result<()> {
    let person = match person {
        Some(person) => Some(console.person(person).await?.id),
        None => None,
    };
    say(format!(
        "{:>6}  {:>8}  {:<5}  {:<27}  {}",
        "token", "person", "scope", "good until", "label"
    ));
    for token in tokens::list(&console.stores, &console.actor, person).await? {
        let (id, person, scope) = (token.id, token.person_id, token.scope.as_str());
        say(format!(
            "{id:>6}  {person:>8}  {scope:<5}  {:<27}  {}",
            end(&token),
            token.label
        ));
    }
    Ok(())
}

fn end(token: &Token) -> String {
    token
        .expires_at
        .map_or_else(|| "it is revoked".to_owned(), |end| end.to_string())
}
