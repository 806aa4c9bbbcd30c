//! A target that an operator empties.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

use testkit::Backend;
use testkit::backend::{self, Then};

use super::{GET, before};
use crate::house::eventually;

const HOLD: &str = "GET /hold HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// A server that answers `/hold` only when it is told to.
fn holding() -> (Backend, Sender<()>) {
    let (release, held) = channel();
    let held = Arc::new(Mutex::new(held));
    let backend = Backend::start(move |asked, stream| {
        if asked.target() == "/hold" {
            held.lock().unwrap().recv().unwrap();
        }
        backend::write(stream, backend::text("mine"));
        Then::Keep
    });
    (backend, release)
}

#[test]
fn a_drained_target_finishes_what_it_has_and_gets_nothing_new_until_it_is_back() {
    let (own, release) = holding();
    let other = Backend::saying("other");
    let house = before(&[&own, &other]);
    let mut held = house.plain();
    held.send(HOLD);
    eventually("the request's arrival", || own.requests() == 1);
    let chosen = house.control.choose(&own.address().to_string()).unwrap();
    assert_eq!(chosen.labels(), format!("app/{}", own.address()));
    assert_eq!(chosen.would_empty(), None);
    chosen.drain();
    let mut client = house.plain();
    for _ in 0..20 {
        assert_eq!(client.exchange(GET).text(), "other");
    }
    assert_eq!((chosen.in_flight(), own.requests()), (1, 1));
    let labels = format!("{{upstream=\"app\",target=\"{}\"", own.address());
    assert_eq!(
        house.metric(&format!("edge_upstream_target_in_flight{labels}}}")),
        1
    );
    let state = format!("edge_upstream_target_state{labels},state=\"draining\"}}");
    assert_eq!(house.metric(&state), 1);
    release.send(()).unwrap();
    assert_eq!(held.response().text(), "mine");
    eventually("an empty target", || chosen.in_flight() == 0);
    chosen.resume();
    for _ in 0..4 {
        client.exchange(GET);
    }
    assert_eq!(own.requests(), 3);
    assert_eq!(house.find_metric(&state), None);
}

#[test]
fn a_drained_target_is_no_last_resort_and_who_waits_for_it_is_served_when_it_is_back() {
    let own = Backend::saying("mine");
    let house = crate::house::House::with(|plan| {
        let mut upstream = super::app(&[own.url(), "http://127.0.0.1:1".to_owned()]);
        upstream.wait = edge::config::Span::from_secs(20);
        super::everything_to(upstream)(plan);
    });
    let mut client = house.plain();
    assert_eq!(client.exchange(GET).text(), "mine");
    let chosen = house.control.choose(&own.url()).unwrap();
    chosen.drain();
    client.send(GET);
    eventually("tries in vain", || {
        let failures = "edge_upstream_failures_total{upstream=\"app\",cause=\"connect\"}";
        house.find_metric(failures).is_some_and(|count| count > 1)
    });
    assert_eq!(own.requests(), 1);
    chosen.resume();
    assert_eq!(client.response().text(), "mine");
}

#[test]
fn a_drained_target_keeps_no_connection_that_is_free() {
    let own = Backend::start(|_, stream| {
        backend::write(stream, backend::text("mine"));
        Then::Keep
    });
    let other = Backend::saying("other");
    let house = before(&[&own, &other]);
    let mut client = house.plain();
    for _ in 0..4 {
        client.exchange(GET);
    }
    let chosen = house.control.choose(&own.address().to_string()).unwrap();
    chosen.drain();
    chosen.resume();
    let connections = own.connections();
    chosen.drain();
    client.exchange(GET);
    eventually("a new connection for the next request", || {
        chosen.resume();
        client.exchange(GET);
        chosen.drain();
        own.connections() > connections
    });
}

#[test]
fn a_name_nobody_has_is_told_with_those_that_are_there() {
    let own = Backend::saying("mine");
    let house = before(&[&own]);
    let error = |name: &str| match house.control.choose(name) {
        Ok(chosen) => panic!("{}", chosen.labels()),
        Err(error) => error.to_string(),
    };
    let known = format!("there are `app/{}`", own.address());
    assert!(error("10.0.0.1:80").contains(&known));
    assert!(error(&format!("https://{}", own.address())).contains(&known));
    let name = format!("app/{}", own.address());
    let chosen = house.control.choose(&name).unwrap();
    assert_eq!(chosen.would_empty(), Some("app"));
    assert!(
        crate::house::House::open()
            .control
            .choose(&name)
            .is_err_and(|error| error.to_string().contains("no `[[edge.upstream]]` has one"))
    );
}
