//! How a unit of work is done once, however often its request is sent.

use school::Repeat;
use school::repeat::KEPT;

use crate::unit::{Beside, Expect, Last, Statement, Unit};
use crate::value::{Value, values};

const SEEN: &str = "SELECT fingerprint, object_id, after FROM idempotency \
    WHERE caller = $1 AND key = $2 AND at > $3";

// An old row of the same key may still stand: the new one takes its place.
const REMEMBER: &str = "INSERT INTO idempotency (caller, key, fingerprint, at, object_id, after) \
    VALUES ($1, $2, $3, $4, $5, $6) \
    ON CONFLICT (caller, key) DO UPDATE SET fingerprint = excluded.fingerprint, at = excluded.at, \
    object_id = excluded.object_id, after = excluded.after";

// Each remembered request forgets two old ones, so that the table stays as large as a day is busy, and none pays for many.
const FORGET: &str = "DELETE FROM idempotency WHERE (caller, key) IN \
    (SELECT caller, key FROM idempotency WHERE at <= $1 ORDER BY at LIMIT 2)";

impl Unit {
    /// A unit that starts by looking whether the request was done before. To be closed with [`Unit::remember`].
    #[must_use]
    pub(crate) fn unless_seen(self, repeat: Option<&Repeat>) -> Self {
        let Some(repeat) = repeat else { return self };
        let params = values![
            repeat.caller.as_str(),
            repeat.key.as_str(),
            repeat.at.before(KEPT)
        ];
        self.and(Statement {
            sql: SEEN,
            params,
            expect: Expect::Unseen(repeat.fingerprint),
            beside: Beside::Any,
        })
    }

    /// The caller and the key of a request that is remembered.
    pub(crate) fn request(&self) -> Option<&[Value]> {
        let looks = self.statements.first()?;
        let is_request = matches!(looks.expect, Expect::Unseen(_));
        is_request.then(|| &looks.params[..2])
    }

    /// Remembers the request, the object's id, new or known, and the picture of what it made.
    #[must_use]
    pub(crate) fn remember(mut self, repeat: Option<Repeat>) -> Self {
        let Some(repeat) = repeat else { return self };
        let picture = self.change.as_ref().and_then(|change| change.after.clone());
        let object = self.object.map_or(Value::NewId, Value::from);
        let old = values![repeat.at.before(KEPT)];
        let params = values![
            repeat.caller,
            repeat.key,
            repeat.fingerprint,
            repeat.at,
            object,
            picture.unwrap_or_default(),
        ];
        self.last = Some(Last {
            sql: REMEMBER,
            params,
        });
        self.and(Statement {
            sql: FORGET,
            params: old,
            expect: Expect::Any,
            beside: Beside::Any,
        })
    }
}
