//! Whether a server runs here, and what it says of itself.

use serde_json::Value;

use super::report::Report;
use crate::commands::healthcheck::ask;
use crate::config::Config;

/// A server that answers on the private listener.
pub(super) struct Running {
    facts: Value,
    metrics: String,
}

impl Running {
    /// Asks for readiness, facts and metrics; `None` if no server answers, which is no failure.
    pub(super) fn ask(config: &Config, report: &mut Report) -> Option<Self> {
        let ready = match ask(config.admin.listen, "/readyz") {
            Ok(answer) => answer,
            Err(error) => {
                report.warn(
                    "server",
                    format!("{error}; what only a running server can show is left out"),
                );
                return None;
            }
        };
        let get = |path| {
            ask(config.admin.listen, path)
                .map(|(_, body)| body)
                .unwrap_or_default()
        };
        let facts = serde_json::from_str(&get("/status")).unwrap_or_default();
        let running = Self {
            facts,
            metrics: get("/metrics"),
        };
        match ready {
            (200, _) => report.good(
                "server",
                format!(
                    "version {} is ready",
                    running.fact("process", "version").unwrap_or("unknown")
                ),
            ),
            (_, parts) => report.fail("server", format!("not ready: {}", parts.trim())),
        }
        Some(running)
    }

    /// A fact that a part states.
    pub(super) fn fact(&self, part: &str, name: &str) -> Option<&str> {
        self.facts[part][name].as_str()
    }

    /// The sum of a metric over its labels.
    pub(super) fn metric(&self, name: &str) -> Option<f64> {
        let of_name = |line: &&str| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with([' ', '{']))
        };
        let value = |line: &str| {
            line.rsplit(' ')
                .next()
                .and_then(|value| value.parse::<f64>().ok())
        };
        let values: Vec<f64> = self
            .metrics
            .lines()
            .filter(of_name)
            .filter_map(value)
            .collect();
        (!values.is_empty()).then(|| values.iter().sum())
    }
}
