//! Each target's state and load as metrics, read when somebody asks: targets come and go.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::shared::Shared;
use crate::upstream::{Target, Upstream, Verdict};

pub(super) struct States(pub(super) Arc<Shared>);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TargetLabels {
    upstream: String,
    target: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    upstream: String,
    target: String,
    state: &'static str,
}

impl fmt::Debug for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("States")
    }
}

impl Collector for States {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let pairs = pairs(&self.0);
        if pairs.is_empty() {
            return Ok(());
        }
        let (name, help) = (
            "upstream_target_in_flight",
            "Requests that a target has not answered to the end",
        );
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (upstream, target) in &pairs {
            let labels = TargetLabels {
                upstream: upstream.name.to_string(),
                target: target.socket.to_string(),
            };
            let load = i64::try_from(target.in_flight()).unwrap_or(i64::MAX);
            ConstGauge::new(load).encode(family.encode_family(&labels)?)?;
        }
        let (name, help) = (
            "upstream_target_state",
            "1 for the state that a target is in: up, down, pending, ejected or draining",
        );
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (upstream, target) in &pairs {
            let labels = StateLabels {
                upstream: upstream.name.to_string(),
                target: target.socket.to_string(),
                state: state(upstream, target),
            };
            ConstGauge::new(1_i64).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

fn pairs(shared: &Shared) -> Vec<(Arc<Upstream>, Arc<Target>)> {
    let mut pairs = Vec::new();
    for upstream in shared.upstreams() {
        let members = upstream.members();
        let pair = |target: &Arc<Target>| (Arc::clone(&upstream), Arc::clone(target));
        pairs.extend(members.iter().map(pair));
    }
    pairs
}

/// The first that keeps requests away from it.
fn state(upstream: &Upstream, target: &Target) -> &'static str {
    if target.is_draining() {
        return "draining";
    }
    match target.verdict() {
        Verdict::Down => "down",
        Verdict::Pending => "pending",
        Verdict::Up if target.is_ejected(upstream.clock.now()) => "ejected",
        Verdict::Up => "up",
    }
}
