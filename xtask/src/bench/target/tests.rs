//! Verdicts in both directions, and ratios of the right sides.

use super::*;
use crate::bench::load::Part;
use crate::bench::round::Figure;
use crate::bench::sample::Sample;

fn target(measured: f64, at_least: f64, aim: f64) -> Target {
    Target {
        what: "x",
        unit: "",
        measured,
        at_least,
        aim,
    }
}

fn figure(part: Part, contender: &'static str, per_second: f64, cpu_us: f64) -> Figure {
    Figure {
        part,
        contender,
        sample: Sample {
            per_second,
            cpu_us,
            memory: 1_000_000,
            ..Sample::default()
        },
    }
}

#[test]
fn more_is_better_when_the_aim_is_higher() {
    assert_eq!(target(11.9, 12.0, 25.0).verdict(), Verdict::Missed);
    assert_eq!(target(12.0, 12.0, 25.0).verdict(), Verdict::Met);
    assert_eq!(target(25.0, 12.0, 25.0).verdict(), Verdict::Aimed);
}

#[test]
fn less_is_better_when_the_aim_is_lower() {
    assert_eq!(target(2.3, 2.2, 1.5).verdict(), Verdict::Missed);
    assert_eq!(target(2.2, 2.2, 1.5).verdict(), Verdict::Met);
    assert_eq!(target(0.02, 0.05, 0.03).verdict(), Verdict::Aimed);
}

#[test]
fn bounds_read_as_the_design_writes_them() {
    assert_eq!(
        target(1.0, 1.0 / 20.0, 1.0 / 35.0).bounds(),
        ("1/20".to_owned(), "1/35".to_owned())
    );
    assert_eq!(
        target(1.0, 2.2, 1.5).bounds(),
        ("2.2×".to_owned(), "1.5×".to_owned())
    );
    assert_eq!(
        target(1.0, 12.0, 25.0).bounds(),
        ("12×".to_owned(), "25×".to_owned())
    );
}

#[test]
fn only_what_was_measured_on_both_sides_is_judged() {
    let figures = [
        figure(Part::Get, "pendopo", 100.0, 10.0),
        figure(Part::Get, "seed", 10.0, 400.0),
        figure(Part::Create, "pendopo", 100.0, 10.0),
    ];
    let targets = targets(&Measured {
        figures: &figures,
        stores: &[],
        contenders: &[],
        build: None,
        proxies: None,
    });
    let judged: Vec<_> = targets
        .iter()
        .map(|target| (target.what, target.shown(target.measured)))
        .collect();
    assert_eq!(
        judged,
        [
            (
                "`GET /user/{id}`: CPU a request against the seed stack",
                "1/40".to_owned()
            ),
            (
                "resident memory under load against the seed stack",
                "1×".to_owned()
            ),
        ]
    );
}
