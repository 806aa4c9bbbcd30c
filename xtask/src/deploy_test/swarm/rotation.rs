//! Configuration and secrets, which never change under their name, replaced by new ones.

use std::fs;

use anyhow::{Context, Result, ensure};

use super::stack::{NAME, Stack};
use crate::deploy_test::outside::{self, Outside};

pub(super) fn check(stack: &Stack<'_>, outside: &Outside) -> Result<()> {
    configuration(stack, outside)?;
    secrets(stack, outside)
}

fn configuration(stack: &Stack<'_>, outside: &Outside) -> Result<()> {
    let file = stack.folder.join("web.toml");
    let text = fs::read_to_string(&file)?;
    fs::write(
        &file,
        text.replace("language = \"id\"", "language = \"en\""),
    )?;
    stack.deploy_again(&[("CONFIG_VERSION", "2")])?;
    let page = outside.run(|| outside::connect(0, stack.http)?.get("/"))?;
    let page = String::from_utf8_lossy(&page.body).into_owned();
    ensure!(page.contains("lang=\"en\""), "it is not in English: {page}");
    let old = format!("{NAME}-web-1");
    stack.engine.docker(&["config", "rm", &old]).map(drop)
}

/// The password of PostgreSQL is changed there as well; that of Redis comes with the secret itself.
fn secrets(stack: &Stack<'_>, outside: &Outside) -> Result<()> {
    let token = stack.token()?;
    let user = outside.run(|| stack.add_user(&token))?;
    let old = [
        "postgres-password",
        "pgbouncer-users",
        "redis-password",
        "redis-acl",
    ];
    for name in old {
        fs::remove_file(stack.secrets.join(name))?;
    }
    stack.make_secrets()?;
    let password = fs::read_to_string(stack.secrets.join("postgres-password"))?;
    let change = format!("ALTER ROLE pendopo PASSWORD '{}'", password.trim());
    let words = [
        "psql",
        "--username=pendopo",
        "--dbname=pendopo",
        "--command",
        &change,
    ];
    stack
        .exec("postgres", &words)
        .context("changing the password")?;
    stack.deploy_again(&[("CONFIG_VERSION", "2"), ("SECRETS_VERSION", "2")])?;
    let found = outside.run(|| stack.get(&user, &token))?;
    ensure!(
        found == 200,
        "with the new secrets {user} is answered {found}"
    );
    let old = format!("{NAME}-postgres-password-1");
    stack.engine.docker(&["secret", "rm", &old]).map(drop)
}
