//! Other terms by a reload: another authority, other ways to reach it, another address of ours.

use edge::config::{AcmeConfig, Directory};
use edge::{Config, StartError};
use testkit::AcmeDouble;

use super::*;

fn reload(house: &House, change: impl FnOnce(&mut AcmeConfig)) -> Result<Config, StartError> {
    let mut config = house.config.clone();
    change(&mut config.acme);
    let domains = DOMAINS.map(str::to_owned);
    house
        .control
        .reload(config.clone(), &domains)
        .map(|()| config)
}

fn has_certificate(house: &House, trust: &Trust) -> bool {
    leaf(house, trust, DOMAINS[0]).is_some()
}

#[test]
fn what_failed_is_tried_at_once_when_the_settings_are_mended() {
    let pebble = Pebble::start();
    let house = House::within(tempfile::tempdir().unwrap(), |it| {
        plan(&pebble, it, &DOMAINS);
        // It does not believe the authority, and tries the names at a port that leads nowhere.
        it.config.acme.ca_file = None;
        it.config.acme.preflight = true;
        it.config.acme.challenge_port = free().port();
    });
    let house = house.unwrap();
    lead_to(&pebble, &house);
    wait_for_trouble(&house);
    reload(&house, |acme| {
        acme.ca_file = Some(pebble.root());
        acme.preflight = false;
    })
    .unwrap();
    let trust = pebble.trust();
    eventually("a certificate", || has_certificate(&house, &trust));
    assert_eq!(state(&house)["troubles"], serde_json::json!({}));
}

#[test]
fn what_is_asked_of_an_authority_that_hangs_is_asked_of_the_other_one() {
    let (hanging, other) = (Pebble::start(), Pebble::start());
    hanging.way_in.gate(|| false);
    let house = fetching(&hanging, tempfile::tempdir().unwrap());
    lead_to(&other, &house);
    eventually("a question without an answer", || hanging.way_in.held() > 0);
    reload(&house, |acme| {
        acme.directory = other.url().parse().unwrap();
        acme.ca_file = Some(other.root());
    })
    .unwrap();
    let trust = other.trust();
    eventually("a certificate", || has_certificate(&house, &trust));
}

#[test]
fn a_certificate_in_force_stays_so_when_the_authority_changes_and_the_next_one_comes_from_the_other()
 {
    let (one, other) = (Pebble::start(), Pebble::start());
    let house = fetching(&one, tempfile::tempdir().unwrap());
    let first = wait_for_certificate(&house, &one.trust());
    lead_to(&other, &house);
    reload(&house, |acme| {
        acme.directory = other.url().parse().unwrap();
        acme.ca_file = Some(other.root());
    })
    .unwrap();
    assert_eq!(leaf(&house, &one.trust(), DOMAINS[0]), Some(first));
    house.renewal.as_ref().unwrap().ask();
    let trust = other.trust();
    eventually("one of the other's", || has_certificate(&house, &trust));
    assert_eq!((one.orders(), other.orders()), (1, 1));
}

#[test]
fn the_authority_is_told_another_address_of_ours() {
    let double = AcmeDouble::default();
    let house = demands::open(&double);
    let trust = double.trust();
    let first = wait_for_certificate(&house, &trust);
    reload(&house, |acme| {
        acme.email = Some("it@sekolah.example".to_owned());
    })
    .unwrap();
    house.renewal.as_ref().unwrap().ask();
    eventually("another certificate", || {
        leaf(&house, &trust, DOMAINS[0]).is_some_and(|leaf| leaf != first)
    });
    let told = || {
        let calls = double.calls("/account");
        let contacts = calls
            .iter()
            .filter(|call| !call.payload["contact"].is_null());
        contacts
            .map(|call| call.payload["contact"].to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(told(), ["[]", "[\"mailto:it@sekolah.example\"]"]);
    house.renewal.as_ref().unwrap().ask();
    eventually("a third order", || double.calls("/new").len() == 3);
    assert_eq!(told().len(), 2, "it is told once");
}

#[test]
fn terms_that_can_not_be_kept_change_nothing() {
    let pebble = Pebble::start();
    let house = fetching(&pebble, tempfile::tempdir().unwrap());
    let trust = pebble.trust();
    let first = wait_for_certificate(&house, &trust);
    let missing = reload(&house, |acme| {
        acme.ca_file = Some("/nowhere/root.pem".into());
    });
    assert!(
        missing
            .unwrap_err()
            .to_string()
            .contains("/nowhere/root.pem")
    );
    let off = reload(&house, |acme| acme.directory = Directory::OFF);
    assert!(matches!(off, Err(StartError::OtherSource)), "{off:?}");
    house.renewal.as_ref().unwrap().ask();
    eventually("another certificate", || {
        leaf(&house, &trust, DOMAINS[0]).is_some_and(|leaf| leaf != first)
    });
}
