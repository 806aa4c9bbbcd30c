//! The levels of limits that several edges hold together.

use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use redis::Script;
use tokio::time::timeout;
use traffic::shared_levels::{Away, Claim, Found, SharedLevels};

use crate::connection::{Connection, Server};
use crate::failure::{self, Blame};
use crate::keys;
use crate::shared::Shared;

static LEVELS: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/levels.lua")));

/// A request does not wait for longer: then its edge counts alone.
const WITHIN: Duration = Duration::from_millis(100);
/// After a silence nobody asks for so long.
const REST: Duration = Duration::from_secs(1);

/// Levels on a server.
pub(crate) struct Levels {
    pub(crate) shared: Arc<Shared>,
}

#[async_trait]
impl SharedLevels for Levels {
    async fn count(&self, claims: &[Claim<'_>]) -> Result<Vec<Option<Found>>, Away> {
        let link = self.shared.link();
        let mut linked = link
            .connection_at_once()
            .map_err(|error| Away(error.to_string()))?;
        let asked = timeout(WITHIN, ask(&mut linked.connection, claims)).await;
        match asked {
            Ok(Ok(numbers)) => found(&numbers, claims.len()),
            Ok(Err(error)) => {
                if failure::blame(&error) != Blame::Answer {
                    link.forget(&linked);
                }
                Err(Away(failure::told(&error)))
            }
            Err(_) => {
                let told = format!("it does not answer within {WITHIN:?}");
                link.rest(&linked, REST, &told);
                Err(Away(told))
            }
        }
    }
}

async fn ask(connection: &mut Connection, claims: &[Claim<'_>]) -> redis::RedisResult<Vec<i64>> {
    let mut script = LEVELS.prepare_invoke();
    for claim in claims {
        script
            .key(keys::level(claim.limit, claim.key))
            .arg(claim.policy.rate.milli_per_second())
            .arg(u64::from(claim.policy.burst) * 1000);
    }
    script.invoke_async(connection).await
}

fn found(numbers: &[i64], claims: usize) -> Result<Vec<Option<Found>>, Away> {
    if numbers.len() != claims * 2 {
        return Err(Away("it answers with another number of levels".to_owned()));
    }
    let each = numbers.chunks(2).map(|pair| {
        Some(Found {
            excess: u32::try_from(pair[0]).ok()?,
            age: Duration::from_millis(u64::try_from(pair[1]).ok()?),
        })
    });
    Ok(each.collect())
}

impl fmt::Debug for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Server { address, .. } = &*self.shared.server;
        f.debug_struct("Levels").field("server", address).finish()
    }
}
