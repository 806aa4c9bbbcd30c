//! What to do next: values in, a step out.

use jiff::Timestamp;

use super::renewal;
use super::state::{Pending, State, Suggestion};
use crate::tls::Served;

/// One step of the task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Fetch a certificate for these names now.
    Order(Vec<String>),
    /// Ask when to renew the one in force.
    Ask,
    /// Do nothing until then.
    Rest(Timestamp),
}

/// How things stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) state: &'a State,
    /// The certificate in force.
    pub(crate) served: Option<&'a Served>,
    /// The names that it shall stand for.
    pub(crate) domains: &'a [String],
    pub(crate) now: Timestamp,
}

impl View<'_> {
    /// When a certificate is fetched next: when the one in force is due, or when a name that it leaves out may be tried;
    /// never before the pause after a failure is over, nor while too many orders were placed of late.
    pub(crate) fn due(&self) -> Timestamp {
        let renewal = self.ours().map(|served| self.renewal(served));
        let left_out = self.domains.iter().filter(|name| !self.is_covered(name));
        let widening = left_out.map(|name| self.free(name)).min();
        let wish = renewal.into_iter().chain(widening).min();
        let first = self.domains.iter().map(|name| self.free(name)).min();
        // To go on with an order is not to place one.
        let is_new = self.under_way().is_none();
        let place = is_new.then(|| self.state.next_order(self.now));
        let earliest = first.into_iter().chain(place);
        earliest.fold(wish.unwrap_or(self.now), Timestamp::max)
    }

    /// Fetching comes first, then asking; but how long the one in force is good for is asked before all else.
    pub(crate) fn next(&self) -> Step {
        let due = self.due();
        match self.ours().map(|served| suggestion(self.state, served)) {
            Some(None) => Step::Ask,
            _ if due <= self.now => Step::Order(self.names()),
            Some(Some(suggestion)) if suggestion.ask <= self.now => Step::Ask,
            Some(Some(suggestion)) => Step::Rest(due.min(suggestion.ask)),
            None => Step::Rest(due),
        }
    }

    /// For which names a certificate is fetched that somebody asked for, whatever the pauses: all but those that have
    /// failed since.
    pub(crate) fn asked(&self, failed: &[String]) -> Vec<String> {
        let others = self.domains.iter().filter(|name| !failed.contains(name));
        others.cloned().collect()
    }

    /// Those that may be tried now, or those of the order that is under way.
    fn names(&self) -> Vec<String> {
        let is_free = |name: &&String| self.free(name) <= self.now;
        let free = || self.domains.iter().filter(is_free).cloned().collect();
        self.under_way()
            .map_or_else(free, |order| order.domains.clone())
    }

    /// The order that is gone on with: not one for wrong names, nor one that leaves out a name without cause.
    fn under_way(&self) -> Option<&Pending> {
        let order = self.state.order.as_ref()?;
        let is_wanted = |name: &String| self.domains.contains(name);
        let is_accounted_for =
            |name: &String| order.domains.contains(name) || self.state.troubles.contains_key(name);
        let is_good = !order.domains.is_empty()
            && order.domains.iter().all(is_wanted)
            && self.domains.iter().all(is_accounted_for);
        is_good.then_some(order)
    }

    /// The certificate in force, if it stands for any of the names.
    fn ours(&self) -> Option<&Served> {
        self.served
            .filter(|_| self.domains.iter().any(|name| self.is_covered(name)))
    }

    fn is_covered(&self, name: &str) -> bool {
        self.served.is_some_and(|served| served.names.cover(name))
    }

    /// When the name may be tried.
    fn free(&self, name: &str) -> Timestamp {
        let trouble = self.state.troubles.get(name);
        trouble.map_or(self.now, |trouble| trouble.not_before)
    }

    fn renewal(&self, served: &Served) -> Timestamp {
        match suggestion(self.state, served) {
            Some(suggestion) => suggestion.at,
            None => renewal::by_own_rule(served, self.now).at,
        }
    }
}

/// What is known of the renewal of this certificate.
fn suggestion<'a>(state: &'a State, served: &Served) -> Option<&'a Suggestion> {
    let suggestion = state.suggestion.as_ref()?;
    (suggestion.certificate == renewal::name(served)).then_some(suggestion)
}

#[cfg(test)]
mod tests;
