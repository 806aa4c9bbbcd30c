//! Other names by a reload: what is fetched then, and what is not.

use super::*;

fn reload(house: &House, domains: &[&str]) {
    let domains: Vec<String> = domains.iter().map(|name| (*name).to_owned()).collect();
    house
        .control
        .reload(house.config.clone(), &domains)
        .unwrap();
}

#[test]
fn a_certificate_for_a_name_more_is_fetched_at_once_and_none_for_a_name_less() {
    let pebble = Pebble::start();
    let house = fetching(&pebble, tempfile::tempdir().unwrap());
    let trust = pebble.trust();
    let first = wait_for_certificate(&house, &trust);
    let mut client = trust.connect(house.address("https"), DOMAINS[0]);
    assert_eq!(client.exchange(GET).status, 200);

    pebble.way_in.gate(|| false);
    reload(&house, &[DOMAINS[0], DOMAINS[1], "baru.example"]);
    assert_eq!(leaf(&house, &trust, DOMAINS[0]), Some(first.clone()));
    let get = "GET / HTTP/1.1\r\nhost: baru.example\r\n\r\n";
    let waiting = house.plain().exchange(get);
    assert_eq!(waiting.status, 503, "it has no certificate yet");
    pebble.way_in.release();
    eventually("the new name's certificate", || {
        leaf(&house, &trust, "baru.example").is_some()
    });
    let second = leaf(&house, &trust, DOMAINS[0]);
    assert!(second.is_some() && second != Some(first));
    assert_eq!(house.plain().exchange(get).status, 308);
    assert_eq!(client.exchange(GET).status, 200, "who is in is served on");

    reload(&house, &[DOMAINS[0]]);
    eventually("that nothing is due", || {
        fact(&house, "certificate next attempt") > Timestamp::now().to_string()
    });
    assert_eq!(leaf(&house, &trust, DOMAINS[0]), second);
    assert_eq!(pebble.orders(), 2);
}

#[test]
fn an_order_for_the_names_before_is_broken_off() {
    let pebble = Pebble::start();
    // The authority asks for the proofs, and gets no answer.
    pebble.http.gate(|| false);
    let house = House::within(tempfile::tempdir().unwrap(), |it| {
        plan(&pebble, it, &DOMAINS);
    });
    let house = house.unwrap();
    eventually("a question that is held", || pebble.http.held() > 0);
    reload(&house, &["baru.example"]);
    lead_to(&pebble, &house);
    pebble.http.release();
    let trust = pebble.trust();
    eventually("the new name's certificate", || {
        leaf(&house, &trust, "baru.example").is_some()
    });
    assert_eq!(leaf(&house, &trust, DOMAINS[0]), None);
    assert_eq!(pebble.orders(), 2);
}
