//! Several limits that one request must pass together, as nginx's `limit_req` does with several zones.

use crate::limit::{Decision, Level};
use crate::limit_table::{LimitTable, Place};

/// One limit, and the key under which the request counts there.
#[derive(Clone, Copy)]
pub struct Claim<'a> {
    /// The levels of this limit's keys.
    pub table: &'a LimitTable,
    /// Whose level is raised.
    pub key: u128,
}

/// What becomes of a request, and by which of its claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The first rejection, else the longest wait.
    pub decision: Decision,
    /// The place of the claim that decided; of equal waits the last one's.
    pub by: usize,
}

/// Counts one request in every claim, or in none: when one rejects, no level is raised. All levels are seen and raised
/// at one moment. `None` where there is no claim.
///
/// Each table may be claimed once only, and every caller must claim them in the same order: a place is held while the
/// next one is asked for.
pub fn admit<'a>(claims: impl IntoIterator<Item = Claim<'a>>, now_ms: u64) -> Option<Outcome> {
    let own = |_, place: &Place<'_>| place.level();
    admit_next(&mut claims.into_iter().enumerate(), &own, now_ms)
}

/// As [`admit`], with levels that others counted besides, in the order of the claims: they stand in the place of what the
/// tables know.
pub fn admit_from<'a>(
    claims: impl IntoIterator<Item = Claim<'a>>,
    levels: &[Option<Level>],
    now_ms: u64,
) -> Option<Outcome> {
    let others = |by: usize, _: &Place<'_>| levels.get(by).copied().flatten();
    admit_next(&mut claims.into_iter().enumerate(), &others, now_ms)
}

/// The first rejection by what the tables know, which is left as it is. `None` where every claim lets the request pass.
pub fn rejection<'a>(claims: impl IntoIterator<Item = Claim<'a>>, now_ms: u64) -> Option<Outcome> {
    let outcomes = claims.into_iter().enumerate().map(|(by, claim)| {
        let level = claim.table.place(claim.key).level();
        let (_, decision) = claim.table.policy().admit(level, now_ms);
        Outcome { decision, by }
    });
    outcomes
        .into_iter()
        .find(|outcome| matches!(outcome.decision, Decision::Reject(_)))
}

fn admit_next<'a>(
    claims: &mut impl Iterator<Item = (usize, Claim<'a>)>,
    level: &impl Fn(usize, &Place<'_>) -> Option<Level>,
    now_ms: u64,
) -> Option<Outcome> {
    let (by, claim) = claims.next()?;
    let mut place = claim.table.place(claim.key);
    let before = level(by, &place);
    let (raised, decision) = claim.table.policy().admit(before, now_ms);
    let own = Outcome { decision, by };
    if matches!(decision, Decision::Reject(_)) {
        // What others counted is worth knowing all the same; what the table knew, it still does.
        if let Some(known) = before {
            place.set(known);
        }
        return Some(own);
    }
    let others = admit_next(claims, level, now_ms);
    let is_rejected = others.is_some_and(|others| matches!(others.decision, Decision::Reject(_)));
    if !is_rejected {
        place.set(raised);
    }
    Some(others.map_or(own, |others| longer(own, others)))
}

fn longer(own: Outcome, others: Outcome) -> Outcome {
    match (own.decision, others.decision) {
        (Decision::Wait(own_time), Decision::Wait(time)) if own_time > time => own,
        (Decision::Wait(_), Decision::Pass) => own,
        _ => others,
    }
}

#[cfg(test)]
mod tests;
