//! What to do next: values in, a step out.

use jiff::Timestamp;

use super::renewal;
use super::state::{State, Suggestion};
use crate::tls::Served;

/// One step of the task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Fetch a certificate now.
    Order,
    /// Ask when to renew the one in force.
    Ask,
    /// Do nothing until then.
    Rest(Timestamp),
}

/// When a certificate is fetched next: at once when there is none for all names, else when the one in force is due;
/// never before the pause after a failure is over, nor while too many orders were placed of late.
pub(crate) fn due(
    state: &State,
    served: Option<&Served>,
    domains: &[String],
    now: Timestamp,
) -> Timestamp {
    let wish = covering(served, domains).map_or(now, |served| match suggestion(state, served) {
        Some(suggestion) => suggestion.at,
        None => renewal::by_own_rule(served, now).at,
    });
    // To go on with an order is not to place one; one for other names is not gone on with.
    let under_way = state.order.as_ref();
    let goes_on = under_way.is_some_and(|order| order.domains == domains);
    let place = (!goes_on).then(|| state.next_order(now));
    let earliest = state.not_before(domains).into_iter().chain(place);
    earliest.fold(wish, Timestamp::max)
}

/// Fetching comes first, then asking.
pub(crate) fn next(
    state: &State,
    served: Option<&Served>,
    domains: &[String],
    now: Timestamp,
) -> Step {
    let due = due(state, served, domains, now);
    let Some(served) = covering(served, domains) else {
        return if due <= now {
            Step::Order
        } else {
            Step::Rest(due)
        };
    };
    match suggestion(state, served) {
        Some(_) if due <= now => Step::Order,
        Some(suggestion) if suggestion.ask > now => Step::Rest(due.min(suggestion.ask)),
        _ => Step::Ask,
    }
}

fn covering<'a>(served: Option<&'a Served>, domains: &[String]) -> Option<&'a Served> {
    served.filter(|served| domains.iter().all(|domain| served.names.cover(domain)))
}

/// What is known of the renewal of this certificate.
fn suggestion<'a>(state: &'a State, served: &Served) -> Option<&'a Suggestion> {
    let suggestion = state.suggestion.as_ref()?;
    (suggestion.certificate == renewal::name(served)).then_some(suggestion)
}

#[cfg(test)]
mod tests;
