//! The same traffic to Debian's nginx and to Pendopo: each request fares alike, by status and by delay.
//!
//! No machine sends at exactly the planned moments, so each server is first held to `limit_req`'s arithmetic at the
//! moments at which, by its own log, the requests came. Where these moments ask for the same on both sides, the two
//! are compared with each other as well.

mod model;
mod nginx;
mod pendopo;

use std::time::{Duration, Instant};

use model::{Expected, Model};

/// One `limit_req`, or one `[[edge.limits]]`.
#[derive(Clone, Copy)]
struct Limit {
    rate: &'static str,
    burst: u32,
    /// `None` stands for `nodelay`.
    delay: Option<u32>,
}

/// What is sent when. Limits go by a header each: `key-0`, `key-1`, …
struct Script {
    limits: Vec<Limit>,
    is_dry_run: bool,
    requests: Vec<Planned>,
}

struct Planned {
    at_ms: u64,
    /// One for each limit; a request without a key is not counted there.
    keys: Vec<Option<&'static str>>,
}

/// What a server's logs say of one request.
#[derive(Debug, Clone)]
struct Seen {
    number: usize,
    /// When it came, by a clock that only this server has.
    at_ms: f64,
    status: u16,
    /// In nginx's words; empty when the request just passed.
    outcome: String,
    /// For how long the limit meant to hold it.
    wait_ms: f64,
    /// How long it took in all.
    took_ms: f64,
}

/// One side of the comparison.
trait Server {
    /// Sends a request, and does not wait for its answer.
    fn send(&mut self, number: usize, request: &str);

    /// Waits for all answers; what the logs say, in any order.
    fn finish(self: Box<Self>) -> Vec<Seen>;
}

/// More than any timer is late on a machine that still works.
const LATE_MS: f64 = 3000.0;

impl Script {
    fn new(limits: &[Limit]) -> Self {
        Self {
            limits: limits.to_vec(),
            is_dry_run: false,
            requests: Vec::new(),
        }
    }

    fn dry(mut self) -> Self {
        self.is_dry_run = true;
        self
    }

    /// Adds so many requests at once, with one key for all limits.
    fn at(self, at_ms: u64, count: usize) -> Self {
        let keys = vec![Some("a"); self.limits.len()];
        self.with_keys(at_ms, count, &keys)
    }

    fn with_keys(mut self, at_ms: u64, count: usize, keys: &[Option<&'static str>]) -> Self {
        self.requests.extend((0..count).map(|_| Planned {
            at_ms,
            keys: keys.to_vec(),
        }));
        self
    }

    fn text(&self, number: usize) -> String {
        let keys = self.requests[number].keys.iter().enumerate();
        let headers: String = keys
            .filter_map(|(limit, key)| Some(format!("key-{limit}: {}\r\n", (*key)?)))
            .collect();
        format!("GET /?n={number} HTTP/1.1\r\nhost: a\r\n{headers}\r\n")
    }

    /// Plays it to both at once, by the clock: a request that is late makes none after it late.
    fn play(&self) -> [Vec<Seen>; 2] {
        let mut servers: [Box<dyn Server>; 2] = [nginx::start(self), pendopo::start(self)];
        let began = Instant::now();
        for (number, request) in self.requests.iter().enumerate() {
            let due = began + Duration::from_millis(request.at_ms);
            while let Some(rest) = due
                .checked_duration_since(Instant::now())
                .filter(|rest| !rest.is_zero())
            {
                std::thread::park_timeout(rest);
            }
            for server in &mut servers {
                server.send(number, &self.text(number));
            }
        }
        servers.map(Server::finish)
    }
}

/// Plays the script, and holds both servers to it.
fn compare(script: &Script) {
    let [nginx, pendopo] = script.play();
    let of_nginx = hold("nginx", script, &nginx, nginx::UNCERTAIN_MS);
    let of_pendopo = hold("pendopo", script, &pendopo, pendopo::UNCERTAIN_MS);
    let mut alike = 0;
    for number in 0..script.requests.len() {
        let (one, other) = (&nginx[number], &pendopo[number]);
        let (wanted, also) = (&of_nginx[number], &of_pendopo[number]);
        if !wanted.is_same(also) {
            continue;
        }
        alike += 1;
        assert_eq!(one.status, other.status, "{one:?}, but {other:?}");
        let apart = (one.wait_ms - other.wait_ms).abs();
        assert!(apart <= wanted.apart_ms(also), "{one:?}, but {other:?}");
    }
    let all = script.requests.len();
    println!("{alike} of {all} requests came so that both had to do the same");
    assert!(
        2 * alike > all,
        "the machine is too busy to compare: {alike} of {all}"
    );
}

/// Holds one server to the arithmetic, request by request; puts what it saw into the order of the script.
fn hold(name: &str, script: &Script, seen: &[Seen], uncertain_ms: f64) -> Vec<Expected> {
    let mut in_order = seen.to_vec();
    in_order.sort_by(|one, other| {
        // Of those that came within a millisecond, each later one fared worse.
        let fared = |seen: &Seen| (seen.outcome.starts_with("rejected"), seen.wait_ms);
        let by_fate = fared(one).partial_cmp(&fared(other)).expect("numbers");
        one.at_ms.total_cmp(&other.at_ms).then(by_fate)
    });
    let mut model = Model::new(&script.limits, uncertain_ms);
    let mut expected = vec![Expected::default(); seen.len()];
    for one in &in_order {
        let keys = &script.requests[one.number].keys;
        let wanted = model.expect(keys, one.at_ms);
        check(name, script, one, &wanted);
        if !one.outcome.starts_with("rejected") {
            model.admit(keys, one.at_ms);
        }
        expected[one.number] = wanted;
    }
    expected
}

fn check(name: &str, script: &Script, seen: &Seen, wanted: &Expected) {
    let context = format!("{name}: {seen:?} where {wanted:?}");
    let is_rejected = seen.outcome.starts_with("rejected");
    assert!(
        if is_rejected {
            wanted.may_reject
        } else {
            wanted.may_admit
        },
        "{context}"
    );
    assert_eq!(
        seen.outcome.ends_with("dry_run"),
        script.is_dry_run && !seen.outcome.is_empty(),
        "{context}"
    );
    let is_refused = is_rejected && !script.is_dry_run;
    assert_eq!(seen.status, if is_refused { 429 } else { 200 }, "{context}");
    if is_rejected {
        return assert!(seen.took_ms < LATE_MS, "{context}");
    }
    let [least, most] = wanted.wait_ms;
    assert!(
        (least - 1.0..=most + 1.0).contains(&seen.wait_ms),
        "{context}"
    );
    let held = if script.is_dry_run { 0.0 } else { seen.wait_ms };
    // Clocks that tick every 10 ms may show a wait as that much shorter.
    assert!(
        (held - 11.0..held + LATE_MS).contains(&seen.took_ms),
        "{context}"
    );
}

const fn limit(rate: &'static str, burst: u32, delay: Option<u32>) -> Limit {
    Limit { rate, burst, delay }
}

#[test]
fn a_burst_without_delay_fares_as_in_nginx() {
    let script = Script::new(&[limit("2r/s", 3, None)]);
    compare(&script.at(0, 7).at(750, 3).at(1200, 1).at(3700, 6));
}

#[test]
fn a_burst_that_is_paced_fares_as_in_nginx() {
    let script = Script::new(&[limit("4r/s", 4, Some(0))]);
    compare(&script.at(0, 7).at(375, 2).at(700, 1).at(1600, 3));
}

#[test]
fn a_burst_of_which_a_part_goes_at_once_fares_as_in_nginx() {
    let script = Script::new(&[limit("4r/s", 5, Some(2))]);
    compare(&script.at(0, 9).at(375, 2).at(1100, 4).at(2400, 4));
}

#[test]
fn rates_by_the_minute_fare_as_in_nginx() {
    let script = Script::new(&[limit("100r/m", 2, Some(1))]);
    compare(&script.at(0, 5).at(900, 2).at(1900, 3));
}

#[test]
fn a_limit_without_a_burst_fares_as_in_nginx() {
    let script = Script::new(&[limit("2r/s", 0, Some(0))]);
    compare(&script.at(0, 3).at(250, 1).at(750, 2).at(1500, 1));
}

#[test]
fn several_limits_together_fare_as_in_nginx() {
    let limits = [
        limit("4r/s", 4, Some(1)),
        limit("2r/s", 2, None),
        limit("1r/s", 3, Some(2)),
    ];
    let [a, b, none] = [Some("a"), Some("b"), None];
    let script = Script::new(&limits)
        .with_keys(0, 5, &[a, a, a])
        .with_keys(150, 3, &[a, b, none])
        .with_keys(700, 4, &[b, none, a])
        .with_keys(1300, 3, &[a, none, none])
        .with_keys(1900, 3, &[none, a, b])
        .with_keys(2600, 4, &[a, b, a])
        .with_keys(2800, 2, &[none, none, none]);
    compare(&script);
}

#[test]
fn a_dry_run_fares_as_in_nginx() {
    let limits = [limit("4r/s", 3, Some(1)), limit("2r/s", 4, None)];
    compare(
        &Script::new(&limits)
            .dry()
            .at(0, 7)
            .at(375, 2)
            .at(1100, 4)
            .at(2400, 4),
    );
}

#[test]
fn traffic_without_a_pattern_fares_as_in_nginx() {
    let limits = [limit("8r/s", 3, Some(1)), limit("720r/m", 6, None)];
    let mut script = Script::new(&limits);
    let (mut at_ms, mut state) = (0, 20_261_121_u64);
    for _ in 0..60 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        at_ms += (state >> 33) % 140;
        let key = ["a", "a", "b"][usize::try_from((state >> 50) % 3).unwrap()];
        script = script.with_keys(at_ms, 1, &[Some(key), Some("a")]);
    }
    compare(&script);
}
