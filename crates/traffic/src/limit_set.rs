//! Several limits that one request must pass together, as nginx's `limit_req` does with several zones.

use crate::limit::Decision;
use crate::limit_table::LimitTable;

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
    admit_next(&mut claims.into_iter().enumerate(), now_ms)
}

fn admit_next<'a>(
    claims: &mut impl Iterator<Item = (usize, Claim<'a>)>,
    now_ms: u64,
) -> Option<Outcome> {
    let (by, claim) = claims.next()?;
    let mut place = claim.table.place(claim.key);
    let (level, decision) = claim.table.policy().admit(place.level(), now_ms);
    let own = Outcome { decision, by };
    if matches!(decision, Decision::Reject(_)) {
        return Some(own);
    }
    let others = admit_next(claims, now_ms);
    let is_rejected = others.is_some_and(|others| matches!(others.decision, Decision::Reject(_)));
    if !is_rejected {
        place.set(level);
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
