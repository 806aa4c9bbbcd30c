//! The edge against each other proxy, round by round, and what the design asks for.

use super::case::Case;
use super::{Figure, Proxies};
use crate::bench::target::{Bounds, Verdict, verdict};

/// What the processor time of a request may be at most, and what is aimed at, as a share of the other's.
pub(super) const PEERS: &[(&str, Bounds)] = &[
    ("nginx", (1.0, 0.8)),
    ("haproxy", (1.15, 0.95)),
    ("caddy", (0.35, 0.25)),
];

/// The share of one round each, the middle one and the outer ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ratio {
    pub(super) middle: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

/// Against this proxy, in the worst of the cases that the design speaks of.
pub(crate) fn worst(proxies: &Proxies, peer: &str) -> Option<f64> {
    let judged = proxies
        .figures
        .iter()
        .filter(|figure| figure.door == "pendopo" && figure.case.is_judged);
    let ratios = judged.filter_map(|own| Some(against(proxies, own, peer)?.middle));
    ratios.max_by(f64::total_cmp)
}

/// Whether the edge needs more for this case than the design allows.
pub(super) fn falls_short(proxies: &Proxies, case: &Case) -> bool {
    let mut figures = proxies.figures.iter();
    let own = figures.find(|row| row.door == "pendopo" && row.case.title == case.title);
    let Some(own) = own.filter(|own| own.case.is_judged) else {
        return false;
    };
    PEERS.iter().any(|(peer, bounds)| {
        let ratio = against(proxies, own, peer);
        ratio.is_some_and(|ratio| verdict(ratio.middle, *bounds) == Verdict::Missed)
    })
}

/// The edge's figure against the other's of the same case.
pub(super) fn against(proxies: &Proxies, own: &Figure, peer: &str) -> Option<Ratio> {
    let other = proxies
        .figures
        .iter()
        .find(|figure| figure.door == peer && figure.case.title == own.case.title)?;
    let pairs = own.rounds.iter().zip(&other.rounds);
    ratio(
        pairs
            .map(|(own, other)| own.cpu_us / other.cpu_us)
            .collect(),
    )
}

fn ratio(mut shares: Vec<f64>) -> Option<Ratio> {
    shares.sort_by(f64::total_cmp);
    Some(Ratio {
        middle: *shares.get(shares.len() / 2)?,
        least: *shares.first()?,
        most: *shares.last()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_the_middle_one_of_the_rounds() {
        let ratio = ratio(vec![1.5, 0.9, 1.0]).unwrap();
        assert_eq!((ratio.least, ratio.middle, ratio.most), (0.9, 1.0, 1.5));
    }
}
