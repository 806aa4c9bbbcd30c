//! What the operating system says of this process, as metrics with the names that Prometheus's own clients use.

use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;
use rustix::param::{clock_ticks_per_second, page_size};
use school::Timestamp;

/// Read anew for each scrape.
#[derive(Debug)]
pub(crate) struct ProcessMetrics {
    started: f64,
}

impl ProcessMetrics {
    /// Of a process that started at this time.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a microsecond more or less does not matter"
    )]
    pub(crate) fn since(started: Timestamp) -> Self {
        Self {
            started: started.0 as f64 / 1e6,
        }
    }
}

impl Collector for ProcessMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        gauge(
            &mut encoder,
            "process_start_time",
            "When the process started, since 1970.",
            &Unit::Seconds,
            self.started,
        )?;
        if let Some(bytes) = resident_bytes() {
            gauge(
                &mut encoder,
                "process_resident_memory",
                "Memory that the process holds.",
                &Unit::Bytes,
                bytes,
            )?;
        }
        if let Some(seconds) = cpu_seconds() {
            let counter = ConstCounter::new(seconds);
            let help = "Processor time that the process has used.";
            let metric = encoder.encode_descriptor(
                "process_cpu",
                help,
                Some(&Unit::Seconds),
                counter.metric_type(),
            )?;
            counter.encode(metric)?;
        }
        if let Ok(files) = fs::read_dir("/proc/self/fd") {
            let open = ConstGauge::new(i64::try_from(files.count()).unwrap_or(i64::MAX));
            let metric = encoder.encode_descriptor(
                "process_open_fds",
                "Open files and sockets.",
                None,
                open.metric_type(),
            )?;
            open.encode(metric)?;
        }
        Ok(())
    }
}

fn gauge(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    unit: &Unit,
    value: f64,
) -> Result<(), std::fmt::Error> {
    let gauge = ConstGauge::new(value);
    let metric = encoder.encode_descriptor(name, help, Some(unit), gauge.metric_type())?;
    gauge.encode(metric)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a page more or less does not matter"
)]
fn resident_bytes() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    Some(pages as f64 * page_size() as f64)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a tick more or less does not matter"
)]
fn cpu_seconds() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name, which may hold spaces, in parentheses.
    let (_, fields) = text.rsplit_once(") ")?;
    let ticks = |index: usize| {
        fields
            .split(' ')
            .nth(index)
            .and_then(|field| field.parse::<u64>().ok())
    };
    Some((ticks(11)? + ticks(12)?) as f64 / clock_ticks_per_second() as f64)
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    use super::*;

    #[test]
    fn the_process_is_measured() {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(ProcessMetrics::since(Timestamp(1_500_000))));
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        assert!(text.contains("process_start_time_seconds 1.5\n"), "{text}");
        for name in [
            "process_resident_memory_bytes ",
            "process_cpu_seconds_total ",
            "process_open_fds ",
        ] {
            assert!(
                text.lines().any(|line| line.starts_with(name)),
                "{name}: {text}"
            );
        }
    }
}
