//! The operator at the server's own command line, with the stores open.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use school::password::Hasher;
use school::people::login_key;
use school::{Actor, Clock, Person, Stores, Timestamp};
use traffic::BanStore;

use crate::config::Config;
use crate::stores;

/// What a subcommand works with.
pub(super) struct Console {
    pub(super) stores: Stores,
    pub(super) bans: Arc<dyn BanStore>,
    pub(super) actor: Actor,
    clock: Clock,
}

/// Opens the stores of the configuration, does the work, and closes them.
pub(super) fn at_console<T>(
    config: &Config,
    work: impl AsyncFnOnce(Console) -> Result<T>,
) -> Result<T> {
    stores::with_existing(config, async |opened| {
        let console = Console {
            stores: opened.stores.clone(),
            bans: Arc::clone(&opened.bans),
            actor: Actor::console(),
            clock: Clock::System,
        };
        work(console).await
    })
}

impl Console {
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A thread for the one password that is hashed here.
    pub(super) fn hasher() -> Result<Hasher> {
        Hasher::start(1).context("can't start the thread that hashes passwords")
    }

    /// The person of this number, e-mail address or username. A username of digits alone goes before a number.
    pub(super) async fn person(&self, name: &str) -> Result<Person> {
        if let Some(found) = self.stores.people.find_login(&login_key(name)).await? {
            return Ok(found.person);
        }
        let by_number = match name.parse() {
            Ok(id) => self.stores.people.find(id).await?,
            Err(_) => None,
        };
        match by_number {
            Some(person) => Ok(person),
            None => bail!(
                "nobody has the number, e-mail address or username `{name}`: `pendopo user list` shows everybody"
            ),
        }
    }
}
