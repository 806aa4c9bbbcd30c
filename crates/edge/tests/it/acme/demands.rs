//! What an authority may demand: to renew when it says, to wait, to come again with another nonce; and how it may fail.

use std::time::{Duration, SystemTime};

use testkit::{AcmeDouble, Call, Reply};

use super::*;

const LONG_AGO: (&str, &str) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
const FAR: (&str, &str) = ("2126-01-01T00:00:00Z", "2126-01-03T00:00:00Z");

pub(super) fn open(double: &AcmeDouble) -> House {
    within(double, tempfile::tempdir().unwrap())
}

fn within(double: &AcmeDouble, data: TempDir) -> House {
    let house = House::within(data, |it| {
        it.domains = DOMAINS.map(str::to_owned).into();
        it.config.acme.directory = double.url().parse().unwrap();
        it.config.acme.ca_file = Some(double.root());
        it.config.acme.preflight = false;
    });
    house.unwrap()
}

fn window((start, end): (&str, &str)) -> Reply {
    Reply::window(start, end)
}

/// Suggests to renew in a hundred years.
fn rest(call: &Call) -> Option<Reply> {
    call.path.starts_with("/renewal/").then(|| window(FAR))
}

fn orders(double: &AcmeDouble) -> usize {
    double.calls("/new").len()
}

/// The trouble of the first name: how often, what, and the seconds until the next attempt.
fn trouble(house: &House) -> Option<(u64, String, i64)> {
    let state = state(house);
    let trouble = state["troubles"].get(DOMAINS[0])?;
    let time = |name: &str| {
        trouble[name]
            .as_str()
            .unwrap()
            .parse::<Timestamp>()
            .unwrap()
    };
    let pause = time("not_before").duration_since(time("last")).as_secs();
    let error = trouble["error"].as_str().unwrap().to_owned();
    Some((trouble["failures"].as_u64().unwrap(), error, pause))
}

fn wait_for_failure(house: &House, times: u64) -> (String, i64) {
    let mut found = None;
    eventually("a failure", || {
        found = trouble(house).filter(|trouble| trouble.0 == times);
        found.is_some()
    });
    let (_, error, pause) = found.unwrap();
    (error, pause)
}

#[test]
fn a_certificate_is_renewed_in_the_window_that_is_suggested_and_the_order_says_what_it_replaces() {
    let double = AcmeDouble::default();
    let mut asked = Vec::new();
    double.rule(move |call| {
        if !call.path.starts_with("/renewal/") {
            return None;
        }
        asked.push(call.path.clone());
        let is_first = asked.iter().all(|path| *path == asked[0]);
        Some(window(if is_first { LONG_AGO } else { FAR }))
    });
    let house = open(&double);
    let next = || fact(&house, "certificate next attempt");
    eventually("the second certificate's window", || {
        next().as_str() > FAR.0 && next().as_str() < FAR.1
    });
    let (placed, windows) = (double.calls("/new"), double.calls("/renewal/"));
    assert_eq!(placed.len(), 2);
    assert_eq!(placed[0].payload["replaces"], Value::Null);
    let replaced = placed[1].payload["replaces"].as_str().unwrap();
    assert_eq!(windows[0].path, format!("/renewal/{replaced}"));
    assert!(leaf(&house, &double.trust(), DOMAINS[1]).is_some());
}

#[test]
fn the_authority_says_when_to_ask_for_the_window_again_within_a_minute_and_a_day() {
    for (demanded, expected) in [("7200", 7200), ("1", 60), ("9000000", 86_400)] {
        let double = AcmeDouble::default();
        double.rule(move |call| Some(rest(call)?.with("retry-after", demanded)));
        let house = open(&double);
        let mut ask = Value::Null;
        eventually("the suggestion", || {
            ask = state(&house)["suggestion"]["ask"].clone();
            !ask.is_null()
        });
        let ask: Timestamp = ask.as_str().unwrap().parse().unwrap();
        let pause = ask.duration_since(Timestamp::now()).as_secs();
        assert!((expected - 15..=expected).contains(&pause), "{pause}");
    }
}

#[test]
fn an_authority_that_does_not_speak_of_renewal_or_forgot_the_certificate_gets_a_plain_order() {
    for refusal in [(409, "alreadyReplaced"), (404, "malformed")] {
        let double = AcmeDouble::default();
        double.rule(move |call| {
            let is_known = call.payload["replaces"].is_null();
            let refused = || Reply::problem(refusal.0, refusal.1);
            if is_known {
                rest(call)
            } else {
                Some(refused())
            }
        });
        let house = open(&double);
        let trust = double.trust();
        let first = wait_for_certificate(&house, &trust);
        house.renewal.as_ref().unwrap().ask();
        eventually("another one", || {
            leaf(&house, &trust, DOMAINS[0]).is_some_and(|second| second != first)
        });
        let placed = double.calls("/new");
        assert_eq!(placed.len(), 3, "the one with `replaces` was refused");
        assert_eq!(placed[2].payload["replaces"], Value::Null);
    }
}

#[test]
fn an_authority_that_pays_no_heed_to_what_is_replaced_is_ordered_at_all_the_same() {
    let double = AcmeDouble::default();
    let url = double.url().replace("/dir", "");
    double.rule(move |call| {
        let replaces = !call.payload["replaces"].is_null();
        let order = || {
            let finalize = format!("{url}/finalize/0");
            let order = serde_json::json!({
                "status": "ready", "identifiers": [], "authorizations": [], "finalize": finalize,
            });
            Reply::json(201, &order).with("location", format!("{url}/order/0"))
        };
        replaces.then(order).or_else(|| rest(call))
    });
    let house = open(&double);
    let trust = double.trust();
    let first = wait_for_certificate(&house, &trust);
    house.renewal.as_ref().unwrap().ask();
    eventually("another one", || {
        leaf(&house, &trust, DOMAINS[0]).is_some_and(|second| second != first)
    });
    assert_eq!(orders(&double), 3);
}

#[test]
fn a_pause_that_is_asked_for_is_kept_in_seconds_and_as_a_date() {
    let in_an_hour = SystemTime::from(Timestamp::now()) + Duration::from_hours(1);
    let date = httpdate::fmt_http_date(in_an_hour);
    for (status, kind, demanded, least) in [
        (429, "rateLimited", "10800".to_owned(), 10_800),
        (503, "serverInternal", date, 3500),
    ] {
        let double = AcmeDouble::default();
        double.rule(move |call| {
            let refused = Reply::problem(status, kind).with("retry-after", &demanded);
            (call.path == "/new").then_some(refused)
        });
        let house = open(&double);
        let (error, pause) = wait_for_failure(&house, 1);
        assert!(error.contains(kind), "{error}");
        assert!((least..=least + 100).contains(&pause), "{pause}");
        assert_eq!(orders(&double), 1, "and nothing is tried before");
    }
}

#[test]
fn pauses_double_with_a_part_left_to_chance() {
    let double = AcmeDouble::default();
    double.rule(|_| {
        Some(Reply {
            status: 502,
            body: "<html>bad gateway</html>".to_owned(),
            ..Reply::default()
        })
    });
    let house = open(&double);
    for (times, longest) in [(1, 60), (2, 120), (3, 240), (4, 480)] {
        let (error, pause) = wait_for_failure(&house, times);
        assert!(error.contains("502"), "{error}");
        assert!((longest * 4 / 5..=longest).contains(&pause), "{pause}");
        house.renewal.as_ref().unwrap().ask();
    }
}

#[test]
fn refused_nonces_are_ridden_out_and_a_storm_of_them_ends_in_a_pause() {
    let double = AcmeDouble::default();
    let mut left = 2;
    double.rule(move |call| {
        let is_refused = call.path == "/new" && left > 0;
        left -= i32::from(is_refused);
        let refused = is_refused.then(|| Reply::problem(400, "badNonce"));
        refused.or_else(|| rest(call))
    });
    let house = open(&double);
    wait_for_certificate(&house, &double.trust());

    let double = AcmeDouble::default();
    double.rule(|call| {
        let is_signed = call.path != "/dir" && call.path != "/nonce";
        is_signed.then(|| Reply::problem(400, "badNonce"))
    });
    let house = open(&double);
    let (error, pause) = wait_for_failure(&house, 1);
    assert!(error.contains("badNonce"), "{error}");
    assert!(pause >= 48, "{pause}");
    let asked = double.calls("/").len();
    assert!(asked < 20, "{asked} requests");
}

#[test]
fn an_order_that_the_authority_stumbled_over_is_gone_on_with() {
    let double = AcmeDouble::default();
    let mut stumbles = 1;
    double.rule(move |call| {
        let is_down = call.path.starts_with("/finalize/") && stumbles > 0;
        stumbles -= i32::from(is_down);
        let down = is_down.then(|| Reply::problem(500, "serverInternal"));
        down.or_else(|| rest(call))
    });
    let house = open(&double);
    wait_for_failure(&house, 1);
    assert!(state(&house)["order"].is_object(), "it is kept");
    house.renewal.as_ref().unwrap().ask();
    eventually("the certificate", || {
        leaf(&house, &double.trust(), DOMAINS[0]).is_some()
    });
    assert_eq!(orders(&double), 1);
}

#[test]
fn an_authority_that_has_forgotten_the_account_is_given_another() {
    let double = AcmeDouble::default();
    let house = open(&double);
    let first = wait_for_certificate(&house, &double.trust());
    let accounts = || double.calls("/account").len();
    assert_eq!(accounts(), 1);
    // As one that lost its database.
    let mut is_lost = true;
    double.rule(move |call| {
        is_lost &= call.path != "/account";
        let refused = is_lost && call.path == "/new";
        let refusal = refused.then(|| Reply::problem(400, "accountDoesNotExist"));
        refusal.or_else(|| rest(call))
    });
    house.renewal.as_ref().unwrap().ask();
    let (error, _) = wait_for_failure(&house, 1);
    assert!(error.contains("accountDoesNotExist"), "{error}");
    house.renewal.as_ref().unwrap().ask();
    eventually("another certificate", || {
        leaf(&house, &double.trust(), DOMAINS[0]).is_some_and(|leaf| leaf != first)
    });
    assert_eq!(accounts(), 2);
}

#[test]
fn a_slow_authority_is_waited_for_while_visitors_are_served() {
    let double = AcmeDouble::default();
    double.rule(|call| {
        std::thread::sleep(Duration::from_millis(400));
        rest(call)
    });
    let house = open(&double);
    let mut local = house.trust().connect(house.address("https"), DOMAINS[0]);
    assert_eq!(local.exchange(GET).status, 200);
    assert_eq!(house.plain().exchange(GET).status, 503);
    wait_for_certificate(&house, &double.trust());
}

#[test]
fn whoever_asks_again_and_again_gets_no_more_than_twenty_orders() {
    let double = AcmeDouble::default();
    double.rule(rest);
    let house = open(&double);
    let renewal = house.renewal.as_ref().unwrap();
    wait_for_certificate(&house, &double.trust());
    eventually("an ask that comes to nothing", || {
        renewal.ask();
        house.metric("edge_certificate_asks_held_back_total") > 0
    });
    assert_eq!(orders(&double), 20);
    assert_eq!(trouble(&house), None, "that is no failure");
    let state = state(&house);
    let full: Timestamp = state["full_again"].as_str().unwrap().parse().unwrap();
    assert!(full > Timestamp::now() + Duration::from_mins(95), "{state}");
}

#[test]
fn an_edge_that_can_not_keep_what_it_does_leaves_the_authority_in_peace() {
    let (double, data) = (AcmeDouble::default(), tempfile::tempdir().unwrap());
    // Nothing can be renamed over a folder.
    fs::create_dir_all(data.path().join("tls/acme/state.json")).unwrap();
    let house = within(&double, data);
    eventually("the edge to notice", || {
        house.metric("edge_certificate_unkept") == 1
    });
    let asked = double.calls("/").len();
    for _ in 0..50 {
        assert_eq!(house.plain().exchange(GET).status, 503);
    }
    assert_eq!(double.calls("/").len(), asked);
    assert_eq!(orders(&double), 0);
}
