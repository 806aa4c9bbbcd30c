//! Names of which some can't be proved: the others have their certificate, and those that can be later get into it.

use testkit::{AcmeDouble, Reply};

use super::*;

const GOOD: &str = DOMAINS[0];
const BAD: &str = DOMAINS[1];

fn get(name: &str) -> String {
    format!("GET / HTTP/1.1\r\nhost: {name}\r\n\r\n")
}

fn is_fetched(house: &House, trust: &Trust, name: &str) -> bool {
    leaf(house, trust, name).is_some()
}

/// The pauses after failures are over; nobody must be about to write the state.
fn end_pauses(data: &std::path::Path) {
    let path = data.join("tls/acme/state.json");
    let mut state: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for trouble in state["troubles"].as_object_mut().unwrap().values_mut() {
        trouble["not_before"] = trouble["last"].clone();
    }
    let other = data.join("tls/acme/other.json");
    fs::write(&other, state.to_string()).unwrap();
    fs::rename(other, path).unwrap();
}

/// An edge with a certificate for all names but the one that can't be proved.
fn with_one_missing(pebble: &Pebble) -> House {
    pebble.lose(BAD);
    let house = fetching(pebble, tempfile::tempdir().unwrap());
    let trust = pebble.trust();
    eventually("a certificate for the good name", || {
        is_fetched(&house, &trust, GOOD)
    });
    house
}

#[test]
fn a_name_that_can_not_be_proved_keeps_no_other_from_its_certificate() {
    let pebble = Pebble::start();
    let house = with_one_missing(&pebble);
    assert!(!is_fetched(&house, &pebble.trust(), BAD));
    let mut local = house.trust().connect(house.address("https"), BAD);
    assert_eq!(local.exchange(get(BAD)).status, 200, "the local one serves");
    assert_eq!(house.plain().exchange(get(GOOD)).status, 308);
    let waiting = house.plain().exchange(get(BAD));
    assert_eq!(waiting.status, 503);
    assert!(
        waiting.text().contains("could not prove"),
        "{}",
        waiting.text()
    );
    eventually("the facts", || fact(&house, "certificate missing") == BAD);
    assert_eq!(fact(&house, "certificate names"), GOOD);
    let error = fact(&house, "certificate last error");
    assert!(
        error.contains(&format!("could not prove `{BAD}`")),
        "{error}"
    );
    assert_eq!(house.metric("edge_certificate_names_missing"), 1);
    assert_eq!(house.metric("edge_certificate_failures"), 1);
    let state = state(&house);
    let troubles = state["troubles"].as_object().unwrap();
    assert_eq!(troubles.keys().collect::<Vec<_>>(), [BAD]);
    assert_eq!(pebble.orders(), 2);
}

#[test]
fn a_certificate_is_widened_to_a_name_as_soon_as_it_can_be_proved() {
    let pebble = Pebble::start();
    let house = with_one_missing(&pebble);
    let trust = pebble.trust();
    let first = leaf(&house, &trust, GOOD);
    pebble.find(BAD);
    eventually("the edge to rest", || {
        fact(&house, "certificate missing") == BAD && state(&house)["suggestion"].is_object()
    });
    end_pauses(house.file("").as_path());
    eventually("a certificate for the other name", || {
        is_fetched(&house, &trust, BAD)
    });
    let second = leaf(&house, &trust, GOOD);
    assert_eq!(second, leaf(&house, &trust, BAD), "one for both");
    assert_ne!(second, first);
    assert_eq!(house.plain().exchange(get(BAD)).status, 308);
    eventually("the facts", || {
        fact(&house, "certificate missing") == "none"
    });
    assert_eq!(house.metric("edge_certificate_names_missing"), 0);
    assert_eq!(state(&house)["troubles"], serde_json::json!({}));
}

#[test]
fn a_name_that_is_still_looked_at_when_another_fails_is_not_blamed() {
    let pebble = Pebble::start();
    pebble.lose(BAD);
    // Nothing leads to the edge yet, so that the good name's proof can't be seen before the bad one has failed the order.
    let house = House::within(tempfile::tempdir().unwrap(), |it| {
        plan(&pebble, it, &DOMAINS);
    })
    .unwrap();
    eventually("looks at each name after the failure", || {
        let log = pebble.log();
        let since = log.split_once("set INVALID").map_or("", |(_, since)| since);
        since.matches("POST /authZ/").count() >= 3
    });
    lead_to(&pebble, &house);
    let trust = pebble.trust();
    eventually("a certificate for the good name", || {
        is_fetched(&house, &trust, GOOD)
    });
    let troubles = state(&house)["troubles"].clone();
    assert!(
        troubles[BAD].is_object() && troubles[GOOD].is_null(),
        "{troubles}"
    );
}

#[test]
fn whoever_asks_for_a_certificate_gets_it_for_the_names_that_can_be_proved() {
    let pebble = Pebble::start();
    let house = with_one_missing(&pebble);
    let trust = pebble.trust();
    let first = leaf(&house, &trust, GOOD);
    house.renewal.as_ref().unwrap().ask();
    eventually("another one", || {
        let second = leaf(&house, &trust, GOOD);
        second.is_some() && second != first
    });
    assert_eq!(
        state(&house)["troubles"][BAD]["failures"],
        2,
        "it was tried"
    );
    assert!(!is_fetched(&house, &trust, BAD));
    assert_eq!(pebble.orders(), 4);
}

#[test]
fn a_name_that_fails_at_renewal_keeps_the_certificate_that_stands_for_it() {
    let pebble = Pebble::start();
    let house = fetching(&pebble, tempfile::tempdir().unwrap());
    let trust = pebble.trust();
    let first = wait_for_certificate(&house, &trust);
    pebble.lose(BAD);
    house.renewal.as_ref().unwrap().ask();
    let has_another = |house: &House, before: &CertificateDer<'_>| {
        leaf(house, &trust, GOOD).is_some_and(|leaf| leaf != *before)
    };
    eventually("one without the name", || has_another(&house, &first));
    let check = |house: &House| {
        assert_eq!(leaf(house, &trust, BAD), Some(first.clone()));
        assert_eq!(house.plain().exchange(get(BAD)).status, 308);
        assert_eq!(house.metric("edge_certificate_names_missing"), 0);
    };
    check(&house);
    // The same after a restart, and after another renewal.
    let house = fetching(&pebble, house.close());
    check(&house);
    let second = leaf(&house, &trust, GOOD).unwrap();
    house.renewal.as_ref().unwrap().ask();
    eventually("another one without it", || has_another(&house, &second));
    check(&house);
    assert!(fact(&house, "certificate last error").contains(BAD));

    let third = leaf(&house, &trust, GOOD).unwrap();
    pebble.find(BAD);
    house.renewal.as_ref().unwrap().ask();
    eventually("one for both", || has_another(&house, &third));
    assert_eq!(leaf(&house, &trust, BAD), leaf(&house, &trust, GOOD));
    assert!(!house.file("tls/acme/certificate-before.pem").exists());
}

#[test]
fn a_name_is_without_a_certificate_when_the_one_that_stood_for_it_has_ended() {
    let pebble = Pebble::with(&[], 8);
    let house = fetching(&pebble, tempfile::tempdir().unwrap());
    let trust = pebble.trust();
    wait_for_certificate(&house, &trust);
    pebble.lose(BAD);
    let missing = || house.metric("edge_certificate_names_missing");
    assert_eq!(missing(), 0);
    eventually("the end of what stood for it", || missing() == 1);
    assert_eq!(house.plain().exchange(get(BAD)).status, 503);
    assert!(!is_fetched(&house, &house.trust(), GOOD), "it was renewed");
    assert_eq!(house.plain().exchange(get(GOOD)).status, 308);
    let mut local = house.trust().connect(house.address("https"), BAD);
    assert_eq!(local.exchange(get(BAD)).status, 200, "the local one serves");
}

#[test]
fn a_new_name_need_not_wait_for_one_that_can_be_proved_no_longer() {
    let pebble = Pebble::start();
    let house = fetching(&pebble, tempfile::tempdir().unwrap());
    let trust = pebble.trust();
    let first = wait_for_certificate(&house, &trust);
    pebble.lose(BAD);
    let domains = [GOOD, BAD, "baru.example"].map(str::to_owned);
    house
        .control
        .reload(house.config.clone(), &domains)
        .unwrap();
    eventually("a certificate for the new name", || {
        is_fetched(&house, &trust, "baru.example")
    });
    assert_eq!(leaf(&house, &trust, BAD), Some(first));
    house
        .control
        .reload(house.config.clone(), &domains[2..])
        .unwrap();
    eventually("that nobody asks for the name", || {
        !is_fetched(&house, &trust, BAD)
    });
    assert_eq!(
        fact(&house, "certificate names"),
        "sekolah.example, baru.example"
    );
}

#[test]
fn an_order_without_a_name_is_gone_on_with_when_the_name_may_be_tried_again() {
    let pebble = Pebble::start();
    pebble.lose(BAD);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tls/acme/state.json");
    // Nothing is let through once there is an order without the name.
    pebble.way_in.gate(move || {
        let state: Value =
            serde_json::from_slice(&fs::read(&path).unwrap_or_default()).unwrap_or_default();
        state["order"]["domains"] != serde_json::json!([GOOD])
    });
    let house = fetching(&pebble, directory);
    eventually("a request without an answer", || pebble.way_in.held() > 0);
    let directory = house.close();
    end_pauses(directory.path());
    pebble.way_in.forget();
    let house = fetching(&pebble, directory);
    let trust = pebble.trust();
    eventually("a certificate", || is_fetched(&house, &trust, GOOD));
    assert!(pebble.orders() <= 3, "the third is for both names again");
}

#[test]
fn names_are_tried_all_at_once_and_those_that_lead_nowhere_cost_no_order() {
    let pebble = Pebble::start();
    // No name server is asked for a name that can't be one.
    let nowhere = ["x", "y"].map(|letter| format!("{}.example", letter.repeat(64)));
    let domains = [nowhere[0].as_str(), "localhost", &nowhere[1]];
    let house = House::within(tempfile::tempdir().unwrap(), |it| {
        plan(&pebble, it, &domains);
        it.config.acme.preflight = true;
        it.config.acme.challenge_port = pebble.http.port();
    });
    let house = house.unwrap();
    lead_to(&pebble, &house);
    let trust = pebble.trust();
    eventually("a certificate", || is_fetched(&house, &trust, "localhost"));
    for name in &nowhere {
        let trouble = &state(&house)["troubles"][name];
        assert_eq!(trouble["failures"], 1);
        let error = trouble["error"].as_str().unwrap();
        assert!(error.contains("has no address"), "{error}");
    }
    assert_eq!(pebble.orders(), 1);
}

#[test]
fn a_name_that_the_authority_refuses_at_once_is_left_out() {
    let double = AcmeDouble::default();
    double.rule(|call| {
        let is_for_both = call.path == "/new" && call.payload.to_string().contains(BAD);
        is_for_both.then(|| {
            let refused = serde_json::json!({
                "type": "urn:ietf:params:acme:error:rejectedIdentifier",
                "detail": "not by us",
                "identifier": { "type": "dns", "value": BAD },
            });
            let problem = serde_json::json!({
                "type": "urn:ietf:params:acme:error:rejectedIdentifier",
                "detail": "some names are refused",
                "subproblems": [refused],
            });
            Reply::json(400, &problem)
        })
    });
    let house = demands::open(&double);
    let trust = double.trust();
    eventually("a certificate", || is_fetched(&house, &trust, GOOD));
    let error = state(&house)["troubles"][BAD]["error"].clone();
    let expected = format!("the authority refuses `{BAD}`: not by us (rejectedIdentifier)");
    assert_eq!(error, expected.as_str());
    assert!(state(&house)["troubles"][GOOD].is_null());
}
