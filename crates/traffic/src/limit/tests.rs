//! The limit, fed with requests at given times.

use super::*;

/// Feeds requests at these milliseconds and writes what became of each: `.` passed, `x` rejected, or its wait in ms.
fn run(policy: &str, arrivals_ms: &[u64]) -> String {
    let policy = parse(policy);
    let mut level = None;
    let mut outcomes = Vec::new();
    for &now_ms in arrivals_ms {
        let (next, decision) = policy.admit(level, now_ms);
        level = Some(next);
        outcomes.push(match decision {
            Decision::Pass => ".".to_owned(),
            Decision::Wait(time) => time.as_millis().to_string(),
            Decision::Reject(_) => "x".to_owned(),
        });
    }
    outcomes.join(" ")
}

fn parse(text: &str) -> Policy {
    let mut words = text.split(' ');
    let rate = words.next().unwrap().parse().unwrap();
    let burst = words.next().unwrap().parse().unwrap();
    let delay = match words.next().unwrap() {
        "nodelay" => Delay::Never,
        number => Delay::Beyond(number.parse().unwrap()),
    };
    Policy { rate, burst, delay }
}

#[test]
fn a_burst_passes_at_once_without_delay_and_the_rest_is_rejected() {
    assert_eq!(
        run("2r/s 3 nodelay", &[0, 0, 0, 0, 0, 0, 0, 600]),
        ". . . . x x x ."
    );
}

#[test]
fn requests_in_excess_are_paced_by_the_rate() {
    assert_eq!(run("2r/s 3 0", &[0, 0, 0, 0, 0]), ". 500 1000 1500 x");
    assert_eq!(run("20r/s 2 0", &[0, 0, 0, 0]), ". 50 100 x");
}

#[test]
fn the_first_of_those_in_excess_go_through_at_once() {
    assert_eq!(run("10r/s 4 2", &[0, 0, 0, 0, 0, 0]), ". . . 100 200 x");
}

#[test]
fn a_rejected_request_does_not_raise_the_level() {
    assert_eq!(run("1r/s 0 nodelay", &[0, 10, 20, 500, 1000]), ". x x x .");
}

#[test]
fn a_clock_that_steps_back_neither_drains_nor_punishes() {
    assert_eq!(run("1r/s 1 nodelay", &[5000, 1000, 1001, 6000]), ". . x .");
}

#[test]
fn a_rejection_says_when_the_next_try_would_pass() {
    let policy = parse("2r/s 0 nodelay");
    let (level, _) = policy.admit(None, 0);
    assert_eq!(
        policy.admit(Some(level), 100).1,
        Decision::Reject(Duration::from_millis(400))
    );
}

#[test]
fn rates_are_read_and_written_as_nginx_writes_them() {
    for text in ["20r/s", "600r/m", "1r/m", "30r/m"] {
        let rate: Rate = text.parse().unwrap();
        assert_eq!(rate.to_string().parse::<Rate>().unwrap(), rate);
    }
    for text in ["", "20", "0r/s", "-1r/s", "20r/h", "1.5r/s"] {
        assert!(text.parse::<Rate>().is_err(), "{text}");
    }
}
