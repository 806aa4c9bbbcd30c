//! How often somebody may sign in or post; refused tries cost nothing but a look into a table.

use std::time::Duration;

use school::actor::Who;
use school::secret::{SecretHash, random_bytes};
use school::{Actor, people};
use traffic::client::limit_key;
use traffic::{Client, Decision, LimitTable};

use crate::config::LimitConfig;
use crate::error::Error;

/// Addresses, accounts or people that each table remembers, at 40 bytes each.
const REMEMBERED: usize = 16_384;

/// The tables; one set for the whole process.
pub(crate) struct Limits {
    messages: LimitTable,
    sign_in_address: LimitTable,
    sign_in_account: LimitTable,
    sign_in_all: LimitTable,
}

impl Limits {
    pub(crate) fn new(config: &LimitConfig) -> Self {
        let seed = || u64::from_ne_bytes(random_bytes());
        Self {
            messages: LimitTable::new(config.messages.policy(), REMEMBERED, seed()),
            sign_in_address: LimitTable::new(config.sign_in_address.policy(), REMEMBERED, seed()),
            sign_in_account: LimitTable::new(config.sign_in_account.policy(), REMEMBERED, seed()),
            sign_in_all: LimitTable::new(config.sign_in_all.policy(), 1, seed()),
        }
    }

    /// Counts one try to sign in as `login`, before anything is looked up: an account that does not exist is
    /// limited like one that does.
    pub(crate) fn admit_sign_in(
        &self,
        client: &Client,
        login: &str,
        now_ms: u64,
    ) -> Result<(), Error> {
        let address = limit_key(client.address);
        pass(self.sign_in_address.admit(address, now_ms))?;
        pass(self.sign_in_account.admit(account_key(login), now_ms))?;
        pass(self.sign_in_all.admit(0, now_ms))
    }

    /// Counts one message of this person, or of whoever is at this address.
    pub(crate) fn admit_message(
        &self,
        client: &Client,
        actor: &Actor,
        now_ms: u64,
    ) -> Result<(), Error> {
        let key = match actor.who {
            Who::Person(id) => account_key(&id.to_string()),
            Who::Anyone | Who::Visitor | Who::Console => limit_key(client.address),
        };
        pass(self.messages.admit(key, now_ms))
    }
}

/// Half of a digest, so that a long login costs no memory and nobody can choose who shares their key.
fn account_key(login: &str) -> u128 {
    let SecretHash(digest) = SecretHash::of(&people::login_key(login));
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    u128::from_be_bytes(half)
}

fn pass(decision: Decision) -> Result<(), Error> {
    match decision {
        Decision::Pass => Ok(()),
        Decision::Wait(time) | Decision::Reject(time) => {
            Err(Error::too_many(time.max(Duration::from_secs(1))))
        }
    }
}

#[cfg(test)]
mod tests;
