//! Windows of requests, from many addresses and from one.

use super::*;

const GATEWAY: &str = "10.0.0.2";

fn crowd() -> Crowd {
    Crowd::new(Gateways::default(), Gauge::default(), Facts::default())
}

/// A window in which so many requests of a hundred come from this address, the others from anywhere.
fn window(crowd: &Crowd, address: &str, percent: u32) {
    let (tally, address) = (Tally::default(), address.parse().unwrap());
    for number in 0..WINDOW {
        let other = IpAddr::from([192, 0, 2, number.to_be_bytes()[3]]);
        // Spread over the window, as far as whole numbers can be.
        let is_own = (number + 1) * percent / 100 > number * percent / 100;
        crowd.note(&tally, if is_own { address } else { other });
    }
}

fn hides(crowd: &Crowd, address: &str) -> bool {
    crowd.hides(address.parse().unwrap())
}

#[test]
fn an_address_of_a_gateway_that_sends_nearly_everything_hides_the_others() {
    let crowd = crowd();
    window(&crowd, GATEWAY, 90);
    assert!(!hides(&crowd, GATEWAY));
    window(&crowd, GATEWAY, 100);
    assert!(hides(&crowd, GATEWAY) && !hides(&crowd, "10.0.0.3"));
    assert_eq!(crowd.gauge.get(), 1);
    let fact = || crowd.facts.list()[0].2.clone();
    assert_eq!(fact(), "hidden behind 10.0.0.2");
    // A little less does not change it back and forth.
    window(&crowd, GATEWAY, 90);
    assert!(hides(&crowd, GATEWAY));
    window(&crowd, GATEWAY, 50);
    assert!(!hides(&crowd, GATEWAY));
    assert_eq!((crowd.gauge.get(), fact()), (0, "seen".to_owned()));
}

#[test]
fn another_gateway_takes_its_place() {
    let crowd = crowd();
    window(&crowd, GATEWAY, 100);
    window(&crowd, "10.0.0.3", 98);
    assert!(hides(&crowd, "10.0.0.3") && !hides(&crowd, GATEWAY));
}

#[test]
fn no_other_address_hides_anybody_however_much_it_sends() {
    let crowd = crowd();
    for address in [
        "192.0.2.1",
        "127.0.0.1",
        "10.1.0.1",
        "192.168.1.1",
        "2001:db8::1",
    ] {
        window(&crowd, address, 100);
        assert!(!hides(&crowd, address), "{address}");
    }
    assert_eq!(crowd.gauge.get(), 0);
}

#[test]
fn less_than_a_window_says_nothing() {
    let (crowd, tally) = (crowd(), Tally::default());
    for _ in 0..WINDOW - 1 {
        crowd.note(&tally, GATEWAY.parse().unwrap());
    }
    assert!(!hides(&crowd, GATEWAY));
}

#[test]
fn all_workers_count_for_one_window() {
    let (crowd, tallies) = (crowd(), [Tally::default(), Tally::default()]);
    for number in 0..WINDOW as usize {
        crowd.note(&tallies[number % 2], GATEWAY.parse().unwrap());
    }
    assert!(hides(&crowd, GATEWAY));
}
