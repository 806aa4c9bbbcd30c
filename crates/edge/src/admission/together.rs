//! Limits that several edges hold together: what the others counted decides, and stands in this edge's tables as well.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lifecycle::{Facts, Part, Readiness};
use traffic::limit::Level;
use traffic::limit_set;
use traffic::shared_levels::{Away, Claim, Found, SharedLevels};

use super::{Admission, Admitted, Asker, Group};

/// The way to the others, and whether it is open.
pub(crate) struct Together {
    levels: Arc<dyn SharedLevels>,
    facts: Facts,
    part: Part,
    is_alone: AtomicBool,
}

impl Together {
    pub(crate) fn new(levels: Arc<dyn SharedLevels>, facts: Facts, readiness: &Readiness) -> Self {
        let together = Self {
            levels,
            facts,
            part: readiness.register("limits"),
            is_alone: AtomicBool::new(false),
        };
        together.tell_together();
        together
    }

    async fn count(&self, claims: &[Claim<'_>]) -> Option<Vec<Option<Found>>> {
        match self.levels.count(claims).await {
            Ok(found) => {
                if self.is_alone.swap(false, Ordering::Relaxed) {
                    tracing::info!("limits are held together with other edges again");
                    self.tell_together();
                }
                Some(found)
            }
            Err(away) => {
                self.tell_alone(&away);
                None
            }
        }
    }

    fn tell_together(&self) {
        self.state("together with other edges");
        self.part.ready();
    }

    fn tell_alone(&self, away: &Away) {
        if !self.is_alone.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "this edge holds its limits alone, since it can't learn what others count: {away}"
            );
            self.state(&format!("by this edge alone: {away}"));
            self.part.lacking(away.to_string());
        }
    }

    fn state(&self, how: &str) {
        self.facts.state("limits", "counted", how);
    }
}

impl Admission {
    /// As `admit`, in company. Alone while the others can't be asked.
    pub(crate) async fn admit_together<'a>(
        &'a self,
        together: &Together,
        asker: &Asker<'_>,
        now: Instant,
    ) -> Admitted<'a> {
        let own = |(_, claim)| claim;
        // Elsewhere a level can only be higher: whom this edge must reject it need not ask about.
        let claims = self.claims(Group::Enforced, asker).map(own);
        let rejection = limit_set::rejection(claims, self.now_ms(now));
        if rejection.is_some() {
            let (limit, decision) = self.decided(Group::Enforced, asker, rejection);
            return self.decide(asker, limit, decision, self.now_ms(now));
        }
        let common = self.common_claims(asker);
        if common.is_empty() {
            return self.admit(asker, now);
        }
        let Some(found) = together.count(&common).await else {
            return self.admit(asker, now);
        };
        // They were found a moment ago, not when the request came.
        let now_ms = self.now_ms(Instant::now());
        let levels: Vec<_> = found
            .into_iter()
            .map(|found| level(found?, now_ms))
            .collect();
        let claims = self.claims(Group::Enforced, asker).map(own);
        let outcome = limit_set::admit_from(claims, &levels, now_ms);
        let (limit, decision) = self.decided(Group::Enforced, asker, outcome);
        self.decide(asker, limit, decision, now_ms)
    }

    fn common_claims<'a>(&'a self, asker: &'a Asker<'a>) -> Vec<Claim<'a>> {
        let places = self.claims(Group::Enforced, asker).map(|(place, _)| place);
        let claims = places.filter_map(|place| {
            let limit = &self.limits[place];
            Some(Claim {
                limit: &limit.config.name,
                key: limit.common_key(asker)?,
                policy: limit.table.policy(),
            })
        });
        claims.collect()
    }
}

/// A level by this edge's clock.
fn level(found: Found, now_ms: u64) -> Option<Level> {
    let age = u64::try_from(
        found
            .age
            .as_millis()
            .min(Duration::from_hours(1).as_millis()),
    );
    Some(Level {
        excess: found.excess,
        last_ms: now_ms.saturating_sub(age.ok()?),
    })
}
