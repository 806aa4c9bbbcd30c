//! What a load counted, as each of them tells it: in one line of JSON.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::sample::Sample;

/// Who tells no times or faults has none.
#[derive(Deserialize)]
pub(crate) struct Counted {
    count: f64,
    duration_us: f64,
    /// Requests that were sent, counted or not.
    sent: Option<f64>,
    #[serde(default)]
    p50_us: f64,
    #[serde(default)]
    p99_us: f64,
    /// Answers with a status of 400 or more, and everything else that went wrong.
    #[serde(default)]
    bad: f64,
}

impl Counted {
    /// Refused when an answer was bad: a figure of failures is none.
    pub(crate) fn read(text: &str) -> Result<Self> {
        let counted: Self =
            serde_json::from_str(text).with_context(|| format!("the load said: {text}"))?;
        let Self { count, bad, .. } = counted;
        ensure!(
            bad == 0.0 && count > 0.0,
            "{bad} of {count} answers were bad: a figure of failures is none"
        );
        Ok(counted)
    }

    /// With what it cost the contender.
    pub(crate) fn sample(&self, cpu: f64, memory: u64) -> Sample {
        let requests = self.sent.unwrap_or(self.count);
        Sample {
            requests,
            per_second: self.count * 1e6 / self.duration_us,
            cpu_us: cpu * 1e6 / requests,
            p50_ms: self.p50_us / 1e3,
            p99_ms: self.p99_us / 1e3,
            memory,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_has_a_cost_and_what_was_counted_a_rate() {
        let text =
            r#"{"count":1000,"sent":1250,"duration_us":2000000,"p50_us":900.0,"p99_us":4000}"#;
        let sample = Counted::read(text).expect("it is good").sample(0.5, 7);
        assert_eq!(
            (sample.requests, sample.per_second, sample.cpu_us),
            (1250.0, 500.0, 400.0)
        );
        assert_eq!((sample.p50_ms, sample.p99_ms, sample.memory), (0.9, 4.0, 7));
    }

    #[test]
    fn failures_are_no_figures() {
        for text in [
            r#"{"count":1000,"duration_us":1,"bad":3}"#,
            r#"{"count":0,"duration_us":1}"#,
            "unable to connect",
        ] {
            assert!(Counted::read(text).is_err(), "{text}");
        }
    }
}
