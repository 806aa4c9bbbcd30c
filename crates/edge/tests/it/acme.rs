//! Certificates from an authority: fetched, served, renewed, and what happens when they can't be.

mod demands;
mod partly;
mod renamed;
mod shared;
mod terms;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use edge::config::Listen;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use serde_json::{Map, Value};
use tempfile::TempDir;
use testkit::free;
use testkit::{Forwarder, Pebble, Trust};

use crate::house::{House, Plan, eventually};

const DOMAINS: [&str; 2] = ["sekolah.example", "www.sekolah.example"];
const GET: &str = "GET / HTTP/1.1\r\nhost: sekolah.example\r\n\r\n";

/// What an edge needs to know of this authority.
fn plan(pebble: &Pebble, plan: &mut Plan, domains: &[&str]) {
    plan.domains = domains.iter().map(|domain| (*domain).to_owned()).collect();
    let acme = &mut plan.config.acme;
    acme.directory = pebble.url().parse().unwrap();
    acme.ca_file = Some(pebble.root());
    acme.preflight = false;
}

/// Opens an edge that fetches certificates there.
fn fetching(pebble: &Pebble, directory: TempDir) -> House {
    let house = House::within(directory, |it| plan(pebble, it, &DOMAINS)).unwrap();
    lead_to(pebble, &house);
    house
}

/// From now on, this edge is asked for the proofs.
fn lead_to(pebble: &Pebble, house: &House) {
    pebble.http.lead_to(house.address("http"));
    pebble.https.lead_to(house.address("https"));
}

/// The certificate that a client gets who trusts these roots; `None` when it gets another one.
fn leaf(house: &House, trust: &Trust, name: &str) -> Option<CertificateDer<'static>> {
    let mut client = trust.connect(house.address("https"), name);
    client.try_send(b"GET / HTTP/1.1\r\n").ok()?;
    let chain = client.session()?.peer_certificates()?;
    Some(chain[0].clone().into_owned())
}

fn wait_for_certificate(house: &House, trust: &Trust) -> CertificateDer<'static> {
    let mut found = None;
    eventually("a fetched certificate", || {
        let troubles = &state(house)["troubles"];
        assert!(troubles.as_object().is_none_or(Map::is_empty), "{troubles}");
        found = leaf(house, trust, DOMAINS[0]);
        found.is_some()
    });
    found.unwrap()
}

fn state(house: &House) -> Value {
    let text = fs::read(house.file("tls/acme/state.json")).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

fn wait_for_trouble(house: &House) {
    eventually("a failure", || {
        let state = state(house);
        state["troubles"]
            .as_object()
            .is_some_and(|map| !map.is_empty())
    });
}

fn fact(house: &House, name: &str) -> String {
    let facts = house.facts.list();
    let fact = facts.into_iter().find(|(_, known, _)| known == name);
    fact.map(|(_, _, value)| value).unwrap_or_default()
}

#[test]
fn a_certificate_for_all_names_is_fetched_and_put_in_force_without_a_restart() {
    let pebble = Pebble::start();
    pebble.way_in.gate(|| false);
    let house = fetching(&pebble, tempfile::tempdir().unwrap());
    let waiting = house.plain().exchange(GET);
    assert_eq!(
        (waiting.status, waiting.header("retry-after")),
        (503, Some("60"))
    );
    assert!(
        waiting.text().contains("no certificate"),
        "{}",
        waiting.text()
    );
    let mut local = house.trust().connect(house.address("https"), DOMAINS[0]);
    let response = local.exchange(GET);
    assert_eq!(
        (
            response.status,
            response.header("strict-transport-security")
        ),
        (200, None)
    );

    pebble.way_in.release();
    let trust = pebble.trust();
    wait_for_certificate(&house, &trust);
    assert_eq!(local.exchange(GET).status, 200, "open connections live on");
    for name in DOMAINS {
        let request = format!("GET / HTTP/1.1\r\nhost: {name}\r\n\r\n");
        let mut client = trust.connect(house.address("https"), name);
        let response = client.exchange(&request);
        assert_eq!(response.status, 200);
        assert!(response.header("strict-transport-security").is_some());
        assert_eq!(house.plain().exchange(&request).status, 308);
    }
    let mut by_loopback = house.trust().connect(house.address("https"), "localhost");
    assert_eq!(
        by_loopback
            .exchange("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
            .status,
        200
    );
    for name in ["account.json", "state.json", "certificate.pem"] {
        let metadata = fs::metadata(house.file(&format!("tls/acme/{name}"))).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{name}");
    }
    let left = fs::read_dir(house.file("tls/acme/challenges")).unwrap();
    assert_eq!(left.count(), 0, "proofs are taken away");
    eventually("the facts", || {
        fact(&house, "certificate last error") == "none"
            && fact(&house, "certificate next attempt") > Timestamp::now().to_string()
    });
    assert_eq!(fact(&house, "certificate"), "fetched");
    assert_eq!(
        fact(&house, "certificate names"),
        "sekolah.example, www.sekolah.example"
    );
    assert!(fact(&house, "certificate issuer").contains("Pebble"));
    assert_eq!(house.metric("edge_certificate_fetched_total"), 1);
    assert_eq!(house.metric("edge_certificate_unproved"), 0);
    assert_eq!(pebble.orders(), 1);
}

#[test]
fn a_fetched_certificate_outlives_a_restart_without_the_authority() {
    let pebble = Pebble::start();
    let house = fetching(&pebble, tempfile::tempdir().unwrap());
    let trust = pebble.trust();
    let fetched = wait_for_certificate(&house, &trust);
    pebble.way_in.gate(|| false);
    let house = fetching(&pebble, house.close());
    assert_eq!(leaf(&house, &trust, DOMAINS[1]), Some(fetched));
    assert_eq!(house.plain().exchange(GET).status, 308);
    assert_eq!(pebble.orders(), 1);
}

#[test]
fn a_certificate_is_renewed_halfway_through_a_short_life() {
    let pebble = Pebble::with(&[], 8);
    let house = fetching(&pebble, tempfile::tempdir().unwrap());
    let trust = pebble.trust();
    let first = wait_for_certificate(&house, &trust);
    eventually("the second certificate", || {
        leaf(&house, &trust, DOMAINS[0]).is_some_and(|second| second != first)
    });
    assert_eq!(pebble.orders(), 2);
}

#[test]
fn a_proof_that_fails_is_explained_and_not_tried_again_at_once() {
    let pebble = Pebble::start();
    let elsewhere = House::open();
    let house = House::within(tempfile::tempdir().unwrap(), |it| {
        plan(&pebble, it, &DOMAINS);
    });
    let house = house.unwrap();
    pebble.http.lead_to(elsewhere.address("http"));
    // One failure ends the order, and the other name is tried by itself unless it has failed as well by then.
    eventually("a failure of each name", || {
        let troubles = &state(&house)["troubles"];
        DOMAINS.iter().all(|name| troubles[name].is_object())
    });
    let state = state(&house);
    assert_eq!(state["order"], Value::Null, "it can't be gone on with");
    for name in DOMAINS {
        let error = state["troubles"][name]["error"].as_str().unwrap();
        assert!(error.contains("unauthorized"), "{error}");
        let complaint = format!("could not prove `{name}`");
        assert!(error.contains(&complaint), "{error}");
    }
    let trouble = &state["troubles"][DOMAINS[0]];
    assert_eq!(trouble["failures"], 1);
    let time = |name: &str| trouble[name].as_str().unwrap().parse::<Timestamp>();
    let pause = time("not_before")
        .unwrap()
        .duration_since(time("last").unwrap());
    assert!((48..=60).contains(&pause.as_secs()), "{trouble}");
    eventually("the page that says why", || {
        let page = house.plain().exchange(GET);
        page.status == 503 && page.text().contains("could not prove")
    });
    assert!(fact(&house, "certificate last error").contains("could not prove"));
    assert_eq!(house.metric("edge_certificate_failures"), 1);
    let mut local = house.trust().connect(house.address("https"), DOMAINS[0]);
    assert_eq!(local.exchange(GET).status, 200, "the local one serves");
    assert!(pebble.orders() <= DOMAINS.len(), "and none is placed again");
}

#[test]
fn an_authority_that_is_away_holds_nothing_up_and_is_asked_again_later() {
    let pebble = Pebble::start();
    pebble.way_in.lead_to(free());
    let house = fetching(&pebble, tempfile::tempdir().unwrap());
    wait_for_trouble(&house);
    let state = state(&house);
    for name in DOMAINS {
        let error = state["troubles"][name]["error"].as_str().unwrap();
        assert!(
            error.contains("the authority can't be asked: 127.0.0.1"),
            "{error}"
        );
    }
    let mut local = house.trust().connect(house.address("https"), DOMAINS[0]);
    assert_eq!(local.exchange(GET).status, 200);
    let request = format!("{}accept: text/html\r\n\r\n", &GET[..GET.len() - 2]);
    eventually("the page that says why", || {
        let page = house.plain().exchange(&request);
        page.text().starts_with("<!doctype html>") && page.text().contains("can't be asked")
    });
}

#[test]
fn a_certificate_that_is_asked_for_is_fetched_at_once_whatever_the_pause() {
    let pebble = Pebble::start();
    assert!(House::open().renewal.is_none(), "nothing is fetched there");
    let ready = pebble.way_in.target();
    pebble.way_in.lead_to(free());
    let house = fetching(&pebble, tempfile::tempdir().unwrap());
    wait_for_trouble(&house);
    pebble.way_in.lead_to(ready);
    let (renewal, trust) = (house.renewal.as_ref().unwrap(), pebble.trust());
    renewal.ask();
    eventually("a fetched certificate", || {
        leaf(&house, &trust, DOMAINS[0]).is_some()
    });
    assert_eq!(state(&house)["troubles"], serde_json::json!({}));
    let first = leaf(&house, &trust, DOMAINS[0]);
    renewal.ask();
    eventually("another one", || {
        let second = leaf(&house, &trust, DOMAINS[0]);
        second.is_some() && second != first
    });
}

#[test]
fn an_order_is_gone_on_with_wherever_the_process_was_killed() {
    // Proofs need no edge here, so that each kill falls between two known requests.
    let pebble = Pebble::with(&[("PEBBLE_VA_ALWAYS_VALID", "1")], 3600);
    let trust = pebble.trust();
    for requests in 0.. {
        let directory = tempfile::tempdir().unwrap();
        let (path, mut left) = (directory.path().join("tls/acme/state.json"), requests);
        // Once there is an order, so many requests are let through.
        pebble.way_in.gate(move || {
            let text = fs::read_to_string(&path).unwrap_or_default();
            left -= i32::from(text.contains("\"url\""));
            left >= 0
        });
        let (orders, house) = (pebble.orders(), fetching(&pebble, directory));
        let is_fetched = || house.file("tls/acme/certificate.pem").exists();
        eventually("a request without an answer", || {
            pebble.way_in.held() > 0 || is_fetched()
        });
        if is_fetched() {
            assert!(requests > 5, "the kills cover every step");
            break;
        }
        let directory = house.close();
        pebble.way_in.forget();
        let house = fetching(&pebble, directory);
        wait_for_certificate(&house, &trust);
        assert_eq!(state(&house)["order"], Value::Null);
        assert_eq!(pebble.orders(), orders + 1, "killed after {requests}");
    }
}

#[test]
fn an_order_that_was_brought_home_when_the_process_was_killed_is_not_brought_home_again() {
    let pebble = Pebble::with(&[("PEBBLE_VA_ALWAYS_VALID", "1")], 3600);
    let house = fetching(&pebble, tempfile::tempdir().unwrap());
    let (path, mut begun) = (house.file("tls/acme/state.json"), String::new());
    eventually("an order", || {
        begun = fs::read_to_string(&path).unwrap_or_default();
        begun.contains("\"url\"")
    });
    let trust = pebble.trust();
    let first = wait_for_certificate(&house, &trust);
    let directory = house.close();
    fs::write(directory.path().join("tls/acme/state.json"), begun).unwrap();
    let house = fetching(&pebble, directory);
    assert_eq!(leaf(&house, &trust, DOMAINS[0]), Some(first.clone()));
    house.renewal.as_ref().unwrap().ask();
    eventually("another certificate", || {
        leaf(&house, &trust, DOMAINS[0]).is_some_and(|second| second != first)
    });
    assert_eq!(pebble.orders(), 2);
    assert_eq!(house.metric("edge_certificate_fetched_total"), 1);
}

#[test]
fn torn_files_are_made_anew() {
    let pebble = Pebble::with(&[("PEBBLE_VA_ALWAYS_VALID", "1")], 3600);
    let house = fetching(&pebble, tempfile::tempdir().unwrap());
    let trust = pebble.trust();
    let first = wait_for_certificate(&house, &trust);
    let directory = house.close();
    for name in ["state.json", "account.json", "certificate.pem"] {
        let path = directory.path().join("tls/acme").join(name);
        let whole = fs::read(&path).unwrap();
        fs::write(path, &whole[..whole.len() / 2]).unwrap();
    }
    let house = fetching(&pebble, directory);
    let second = wait_for_certificate(&house, &trust);
    assert_ne!(second, first);
    assert_eq!(pebble.orders(), 2);
}

#[test]
fn where_no_plain_listener_is_open_names_are_proved_in_a_handshake() {
    let pebble = Pebble::start();
    let house = House::within(tempfile::tempdir().unwrap(), |it| {
        plan(&pebble, it, &DOMAINS);
        it.config.http = Listen::OFF;
    });
    let house = house.unwrap();
    pebble.https.lead_to(house.address("https"));
    let trust = pebble.trust();
    wait_for_certificate(&house, &trust);
    let config = trust.config(&["acme-tls/1"]);
    let mut stranger = testkit::tls::connect(config, house.address("https"), DOMAINS[0]);
    assert!(stranger.try_send(b"x").is_err(), "no proof is left to see");
}

/// An edge for `localhost`, which has an address everywhere, that tries its name first by way of this port.
fn trying_first(pebble: &Pebble, port: u16) -> House {
    let house = House::within(tempfile::tempdir().unwrap(), |it| {
        plan(pebble, it, &["localhost"]);
        it.config.acme.preflight = true;
        it.config.acme.challenge_port = port;
    });
    house.unwrap()
}

#[test]
fn a_name_that_leads_elsewhere_costs_no_order() {
    let (pebble, elsewhere, nowhere) = (Pebble::start(), House::open(), free());
    let way = Forwarder::default();
    way.lead_to(elsewhere.address("http"));
    for (port, complaint) in [
        (way.port(), "another server answers (`HTTP/1.1 200 OK`)"),
        (nowhere.port(), "plain HTTP is not answered"),
    ] {
        let house = trying_first(&pebble, port);
        wait_for_trouble(&house);
        let error = state(&house)["troubles"]["localhost"]["error"].to_string();
        assert!(error.contains(complaint), "{error}");
        assert!(error.contains("`localhost` leads to "), "{error}");
    }
    assert_eq!(pebble.orders(), 0);
}

#[test]
fn a_name_that_leads_here_is_ordered_for() {
    let pebble = Pebble::start();
    let house = trying_first(&pebble, pebble.http.port());
    lead_to(&pebble, &house);
    let trust = pebble.trust();
    eventually("a fetched certificate", || {
        leaf(&house, &trust, "localhost").is_some()
    });
}
