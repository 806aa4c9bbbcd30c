//! `pendopo user …`: people, directly in the database, also beside a running server. Each change is in the audit trail.

use std::process::ExitCode;

use anyhow::{Result, bail};
use school::page::Start;
use school::people::{self, ChosenPassword, PeopleQuery, PersonInput, PersonPatch};
use school::{Limit, Person};
use secrecy::ExposeSecret;

use super::{Console, at_console};
use crate::cli::{NewUser, PasswordOptions, UserCommand};
use crate::config::Config;
use crate::console::{password, say};

/// Does what the command says.
pub(super) fn run(config: &Config, command: UserCommand) -> Result<ExitCode> {
    at_console(config, async |console| {
        match command {
            UserCommand::Add(new) => add(&console, new).await?,
            UserCommand::List { search } => list(&console, search).await?,
            UserCommand::Passwd { person, password } => {
                let person = console.person(&person).await?;
                give_password(&console, &person, &password).await?;
            }
            UserCommand::Disable { person } => set_disabled(&console, &person, true).await?,
            UserCommand::Enable { person } => set_disabled(&console, &person, false).await?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn add(console: &Console, new: NewUser) -> Result<()> {
    let can_sign_in = new.email.is_some() || new.username.is_some();
    if !can_sign_in && (new.password.prompt || new.password.password_file.is_some()) {
        bail!("a password needs a name to sign in with: give `--email` or `--username` as well");
    }
    let input = PersonInput {
        first_name: new.first_name,
        last_name: new.last_name,
        email: new.email,
        username: new.username,
        role: Some(new.role),
    };
    let checked = input
        .check()
        .map_err(|errors| anyhow::anyhow!("{errors}"))?;
    let person = people::create(
        &console.stores,
        &console.actor,
        checked,
        None,
        console.now(),
    )
    .await?
    .into_object();
    say(format!(
        "added {} as number {}, {}",
        person.name(),
        person.id,
        person.role.as_str()
    ));
    if can_sign_in {
        give_password(console, &person, &new.password).await?;
    }
    Ok(())
}

async fn give_password(
    console: &Console,
    person: &Person,
    options: &PasswordOptions,
) -> Result<()> {
    let hasher = Console::hasher()?;
    if let Some(password) = password(options)? {
        let chosen = ChosenPassword {
            password,
            must_change: false,
        };
        people::set_password(
            &console.stores,
            &hasher,
            &console.actor,
            person.id,
            chosen,
            console.now(),
        )
        .await?;
        say(format!(
            "{} has the new password; their other sessions ended",
            person.name()
        ));
        return Ok(());
    }
    let made = people::set_one_time_password(
        &console.stores,
        &hasher,
        &console.actor,
        person.id,
        console.now(),
    );
    let (person, password) = made.await?;
    say(format!(
        "{} signs in with this one-time password, shown once:\n\n  {}\n",
        person.name(),
        password.expose_secret()
    ));
    Ok(())
}

async fn set_disabled(console: &Console, person: &str, is_disabled: bool) -> Result<()> {
    let person = console.person(person).await?;
    let patch = PersonPatch {
        is_disabled: Some(is_disabled),
        ..PersonPatch::default()
    };
    let version = Some(person.version);
    people::update(
        &console.stores,
        &console.actor,
        person.id,
        version,
        &patch,
        console.now(),
    )
    .await?;
    let state = if is_disabled {
        "can't sign in any more; their sessions ended"
    } else {
        "can sign in again"
    };
    say(format!("{} {state}", person.name()));
    Ok(())
}

async fn list(console: &Console, search: Option<String>) -> Result<()> {
    let limit = Limit::new(u64::from(Limit::MOST)).unwrap_or_default();
    let mut start = Start::Offset(0);
    say(format!(
        "{:>8}  {:<8} {:<9} {:<32} {}",
        "number", "role", "state", "signs in as", "name"
    ));
    loop {
        let query = PeopleQuery {
            search: search.clone(),
            start,
            limit,
        };
        let page = people::list(&console.stores, &console.actor, &query).await?;
        for person in &page.rows {
            say(line(person));
        }
        match page.rows.last().filter(|_| page.has_more) {
            Some(last) => start = Start::After(last.id),
            None => return Ok(()),
        }
    }
}

fn line(person: &Person) -> String {
    let login = person
        .email
        .as_deref()
        .or(person.username.as_deref())
        .unwrap_or("-");
    let state = match (person.is_disabled, person.has_password) {
        (true, _) => "disabled",
        (false, false) => "no login",
        (false, true) => "active",
    };
    format!(
        "{:>8}  {:<8} {state:<9} {login:<32} {}",
        person.id,
        person.role.as_str(),
        person.name()
    )
}
