//! When to renew: what the authority suggests (RFC 9773), else two thirds through the certificate's life.

use std::time::Duration;

use instant_acme::{Account, CertificateIdentifier, Error, RenewalInfo};
use jiff::Timestamp;

use super::state::Suggestion;
use crate::random;
use crate::tls::Served;

/// A life shorter than this is renewed at its half: two thirds would leave too little time for trouble.
const SHORT: Duration = Duration::from_hours(10 * 24);
/// How soon and how late the authority may have us ask again.
const SOONEST: Duration = Duration::from_mins(1);
const LATEST: Duration = Duration::from_hours(24);

/// How a certificate is called where renewal is spoken of; empty for one without an authority's key identifier.
pub(crate) fn name(served: &Served) -> String {
    identifier(served).map_or_else(String::new, |id| id.to_string())
}

/// What the protocol calls it by.
pub(crate) fn identifier(served: &Served) -> Option<CertificateIdentifier<'static>> {
    let leaf = served.key.cert.first()?;
    CertificateIdentifier::try_from(leaf)
        .ok()
        .map(CertificateIdentifier::into_owned)
}

/// Asks the authority, and falls back on our own rule.
pub(crate) async fn suggest(account: &Account, served: &Served, now: Timestamp) -> Suggestion {
    let own_rule = by_own_rule(served, now);
    let Some(id) = identifier(served) else {
        return own_rule;
    };
    match account.renewal_info(&id).await {
        Ok((info, again)) => Suggestion {
            at: within(&info, random::fraction()).unwrap_or(own_rule.at),
            ask: after(now, again.clamp(SOONEST, LATEST)),
            ..own_rule
        },
        Err(Error::Unsupported(_)) => own_rule,
        Err(error) => {
            tracing::warn!(%error, "the authority does not say when to renew; our own rule holds");
            own_rule
        }
    }
}

/// What holds where the authority says nothing.
pub(crate) fn by_own_rule(served: &Served, now: Timestamp) -> Suggestion {
    Suggestion {
        certificate: name(served),
        at: usual(served.said.not_before, served.said.not_after),
        ask: after(now, LATEST),
    }
}

/// Two thirds through a life, or half of a short one.
fn usual(not_before: Timestamp, not_after: Timestamp) -> Timestamp {
    let life = Duration::try_from(not_after.duration_since(not_before)).unwrap_or_default();
    let part = if life < SHORT { life / 2 } else { life * 2 / 3 };
    after(not_before, part)
}

/// A point of the suggested window, so that not everybody comes at once.
fn within(info: &RenewalInfo, fraction: f64) -> Option<Timestamp> {
    let second = |time: i64| Timestamp::from_second(time).ok();
    let window = &info.suggested_window;
    let (start, end) = (
        second(window.start.unix_timestamp())?,
        second(window.end.unix_timestamp())?,
    );
    let length = Duration::try_from(end.duration_since(start)).ok()?;
    Some(after(start, length.mul_f64(fraction)))
}

fn after(time: Timestamp, span: Duration) -> Timestamp {
    time.saturating_add(span).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_life_is_renewed_at_two_thirds_and_a_short_one_at_half() {
        let check = |days: u64, hours: u64| {
            let start = Timestamp::UNIX_EPOCH;
            let end = start + Duration::from_hours(24 * days);
            assert_eq!(
                usual(start, end),
                start + Duration::from_hours(hours),
                "{days}"
            );
        };
        check(90, 1440);
        check(45, 720);
        check(6, 72);
        check(0, 0);
        assert_eq!(usual(Timestamp::MAX, Timestamp::MIN), Timestamp::MAX);
    }

    #[test]
    fn the_suggested_window_is_used_from_end_to_end() {
        let info: RenewalInfo = serde_json::from_str(
            r#"{"suggestedWindow": {"start": "2026-11-20T00:00:00Z", "end": "2026-11-22T00:00:00Z"}}"#,
        )
        .unwrap();
        for (fraction, expected) in [(0.0, "2026-11-20T00:00:00Z"), (0.5, "2026-11-21T00:00:00Z")] {
            let at = within(&info, fraction).unwrap();
            assert_eq!(at.to_string(), expected);
        }
        let reversed: RenewalInfo = serde_json::from_str(
            r#"{"suggestedWindow": {"start": "2026-11-22T00:00:00Z", "end": "2026-11-20T00:00:00Z"}}"#,
        )
        .unwrap();
        assert_eq!(within(&reversed, 0.5), None);
    }
}
