//! The port of bans, in SQL.

use async_trait::async_trait;
use jiff::Timestamp;
use school::StoreError;
use school::audit::{Action, Change};
use traffic::ban_store::{Author, BanState, BansFound};
use traffic::{Ban, BanError, BanSource, BanStore, Network};

use crate::engine::{Engine, Query, Sql};
use crate::unit::{Expect, Unit};
use crate::value::{Row, Value, corrupt, values};

macro_rules! select {
    ($after:literal) => {
        concat!(
            "SELECT network, reason, made_by, since, until, is_forced FROM ban ",
            $after
        )
    };
}

const STATE: &str = "SELECT value FROM counter WHERE name = 'bans'";
const LIST: &str = select!("WHERE until IS NULL OR until > $1");
const FIND: &str = select!("WHERE network = $1 AND (until IS NULL OR until > $2)");
const CLEAR: &str = "DELETE FROM ban WHERE until <= $1";
/// One row where there are as many as there may be: [`traffic::MOST_BANS`].
const IS_FULL: &str = "SELECT 1 FROM ban LIMIT 1 OFFSET 99999";
const INSERT: &str = "INSERT INTO ban (network, reason, made_by, since, until, is_forced) \
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (network) DO NOTHING";
const UPDATE: &str = "UPDATE ban SET reason = $1, made_by = $2, since = $3, until = $4, is_forced = $5 \
    WHERE network = $6 AND since = $7";
const DELETE: &str = "DELETE FROM ban WHERE network = $1 AND since = $2";
const COUNT: &str = "UPDATE counter SET value = value + 1 WHERE name = 'bans' RETURNING value";

#[async_trait]
impl<E: Engine> BanSource for Sql<E> {
    async fn changes(
        &self,
        since: Option<BanState>,
        now: Timestamp,
    ) -> Result<Option<BansFound>, BanError> {
        // Asked before the list: what comes in between is met again by the next question.
        let state = self.first(Query::new(STATE, values![]), |mut row| row.int());
        let state = state.await.map_err(ban_error)?;
        let state = BanState(state.ok_or_else(|| ban_error(corrupt("bans are not counted")))?);
        if since == Some(state) {
            return Ok(None);
        }
        let list = Query::new(LIST, values![now.as_microsecond()]);
        let rows = self.engine.scan(list).await.map_err(ban_error)?;
        let bans: Result<_, _> = rows.into_iter().map(ban).collect();
        Ok(Some((state, bans.map_err(ban_error)?)))
    }
}

#[async_trait]
impl<E: Engine> BanStore for Sql<E> {
    async fn find(&self, network: Network, now: Timestamp) -> Result<Option<Ban>, BanError> {
        let find = Query::new(FIND, values![network.to_string(), now.as_microsecond()]);
        self.first(find, ban).await.map_err(ban_error)
    }

    async fn put(&self, ban: &Ban, before: Option<&Ban>, author: &Author) -> Result<i64, BanError> {
        let stale = Expect::One(|| StoreError::Stale);
        let clear = values![ban.since.as_microsecond()];
        let unit = match before {
            None => Unit::new(change(Action::BanAdd, author, ban.since).after(ban))
                .then(CLEAR, clear, Expect::Any)
                .then(IS_FULL, values![], Expect::None(full))
                .then(INSERT, columns(ban), stale),
            Some(before) => {
                let change = change(Action::BanChange, author, ban.since);
                let mut columns = columns(ban);
                columns.rotate_left(1);
                columns.push(before.since.as_microsecond().into());
                Unit::new(change.before(before).after(ban))
                    .then(CLEAR, clear, Expect::Any)
                    .then(UPDATE, columns, stale)
            }
        };
        self.counted(unit).await
    }

    async fn remove(&self, ban: &Ban, author: &Author, at: Timestamp) -> Result<i64, BanError> {
        let params = values![ban.network.to_string(), ban.since.as_microsecond()];
        let change = change(Action::BanRemove, author, at).before(ban);
        let stale = Expect::One(|| StoreError::Stale);
        self.counted(Unit::new(change).then(DELETE, params, stale))
            .await
    }
}

impl<E: Engine> Sql<E> {
    /// Does the unit; the number of the change.
    async fn counted(&self, unit: Unit) -> Result<i64, BanError> {
        let unit = unit.then(COUNT, values![], Expect::NewId);
        self.make(unit).await.map_err(ban_error)
    }
}

/// In the order of the table's columns, the network first.
pub(crate) fn columns(ban: &Ban) -> Vec<Value> {
    values![
        ban.network.to_string(),
        ban.reason.as_str(),
        ban.by.as_str(),
        ban.since.as_microsecond(),
        ban.until.map(Timestamp::as_microsecond),
        ban.is_forced,
    ]
}

fn ban(mut row: Row) -> Result<Ban, StoreError> {
    let time = |micros| {
        Timestamp::from_microsecond(micros).map_err(|_| corrupt("a ban has an impossible time"))
    };
    Ok(Ban {
        network: row
            .text()?
            .parse()
            .map_err(|_| corrupt("a ban is of no network"))?,
        reason: row.text()?,
        by: row.text()?,
        since: time(row.int()?)?,
        until: row.optional_int()?.map(time).transpose()?,
        is_forced: row.bool()?,
    })
}

fn change(action: Action, author: &Author, at: Timestamp) -> Change {
    let (name, request_id) = (author.name.clone(), author.request_id.clone());
    let at = school::Timestamp(at.as_microsecond());
    Change::by(name, author.address, request_id, action, at)
}

fn full() -> StoreError {
    StoreError::Full(BanError::Full.into())
}

fn ban_error(error: StoreError) -> BanError {
    match error {
        StoreError::Stale => BanError::Stale,
        StoreError::Full(cause) if cause.is::<BanError>() => BanError::Full,
        StoreError::Corrupt(cause) => BanError::Damaged(cause),
        other => BanError::Away(other.into()),
    }
}

#[cfg(test)]
mod tests {
    use traffic::MOST_BANS;

    use super::*;

    #[test]
    fn the_bound_in_the_statement_is_that_of_the_port() {
        assert!(IS_FULL.ends_with(&format!("OFFSET {}", MOST_BANS - 1)));
    }
}
