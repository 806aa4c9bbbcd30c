//! Alternating rounds: each load on each contender in turn, and the median of what they gave.

use anyhow::Result;

use super::Bench;
use super::contender::Contender;
use super::load::{LOADS, Part};
use super::sample::Sample;
use super::wrk::load;
use crate::program::say;

/// The median of one load on one contender.
pub(crate) struct Figure {
    pub(crate) part: Part,
    pub(crate) contender: &'static str,
    pub(crate) sample: Sample,
}

/// Every load that was asked for.
pub(crate) fn all(bench: &Bench, contenders: &[Contender]) -> Result<Vec<Figure>> {
    let wanted = LOADS.iter().filter(|part| bench.wants(**part));
    let figures = wanted.map(|part| one(bench, contenders, *part));
    Ok(figures
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .flatten()
        .collect())
}

/// One load on everybody who takes it.
pub(crate) fn one(bench: &Bench, contenders: &[Contender], part: Part) -> Result<Vec<Figure>> {
    let runners: Vec<_> = contenders
        .iter()
        .filter_map(|contender| Some((contender, contender.request(part)?)))
        .collect();
    let mut samples = vec![Vec::new(); runners.len()];
    for (contender, request) in &runners {
        load(request, 1, &bench.place, &contender.ids())?;
    }
    for _ in 0..bench.rounds {
        for (at, (contender, request)) in runners.iter().enumerate() {
            let sample = load(request, bench.seconds, &bench.place, &contender.ids())?;
            say(&format!(
                "{part:?} {}: {:.0}/s, {:.1} µs of CPU a request",
                contender.name, sample.per_second, sample.cpu_us
            ));
            samples[at].push(sample);
        }
    }
    let figures = runners.iter().zip(samples);
    Ok(figures
        .map(|((contender, _), samples)| Figure {
            part,
            contender: contender.name,
            sample: median(&samples),
        })
        .collect())
}

/// Each number's own median.
pub(crate) fn median(samples: &[Sample]) -> Sample {
    let middle = |number: fn(&Sample) -> f64| {
        let mut numbers: Vec<f64> = samples.iter().map(number).collect();
        numbers.sort_by(f64::total_cmp);
        numbers.get(numbers.len() / 2).copied().unwrap_or_default()
    };
    let memory = samples
        .iter()
        .map(|sample| sample.memory)
        .max()
        .unwrap_or_default();
    Sample {
        requests: middle(|sample| sample.requests),
        per_second: middle(|sample| sample.per_second),
        cpu_us: middle(|sample| sample.cpu_us),
        p50_ms: middle(|sample| sample.p50_ms),
        p99_ms: middle(|sample| sample.p99_ms),
        memory,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wild_round_does_not_count() {
        let samples = [3.0, 1000.0, 4.0].map(|per_second| Sample {
            per_second,
            ..Sample::default()
        });
        assert!((median(&samples).per_second - 4.0).abs() < f64::EPSILON);
    }
}
