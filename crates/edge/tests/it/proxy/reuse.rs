//! Connections to targets: kept, looked at before they are used again, given up in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use edge::config::Span;
use testkit::backend::{self, Then};
use testkit::{Asked, Backend};

use super::{GET, app, before, everything_to};
use crate::house::{House, eventually};

#[test]
fn one_connection_serves_many_requests() {
    let backend = Backend::saying("hello");
    let house = before(&[&backend]);
    for _ in 0..5 {
        let mut client = house.plain();
        for _ in 0..10 {
            assert_eq!(client.exchange(GET).text(), "hello");
        }
    }
    assert_eq!((backend.requests(), backend.connections()), (50, 1));
}

#[test]
fn a_connection_that_the_target_closed_meanwhile_is_not_used() {
    let backend = Backend::saying("hello");
    let house = before(&[&backend]);
    let mut client = house.plain();
    for round in 1..=20 {
        for _ in 0..2 {
            let post = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi";
            assert_eq!(client.exchange(post).status, 200);
        }
        assert_eq!(backend.connections(), round);
        backend.close_connections();
    }
}

#[test]
fn a_request_that_changes_nothing_is_sent_again_when_the_target_closes_without_a_byte() {
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&seen);
    // Closes every connection at its second request, as a server does whose patience just ended.
    let backend = Backend::start(move |asked: &Asked, stream| {
        counted.fetch_add(1, Ordering::SeqCst);
        if asked.index == 0 {
            backend::write(stream, backend::text("hello"));
            return Then::Keep;
        }
        Then::Close
    });
    let house = before(&[&backend]);
    let mut client = house.plain();
    for _ in 0..5 {
        assert_eq!(client.exchange(GET).text(), "hello");
    }
    let records = house.records(5);
    assert_eq!(records[0].get("attempts"), None);
    assert_eq!(records[1]["attempts"], 2);
    let put = "PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi";
    assert_eq!(client.exchange(put).text(), "hello");
    let before = seen.load(Ordering::SeqCst);
    let post = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi";
    assert_eq!(client.exchange(post).status, 502);
    assert_eq!(seen.load(Ordering::SeqCst), before + 1);
    assert_eq!(house.records(7)[6]["cause"], "closed");
}

#[test]
fn a_request_is_not_sent_again_once_a_byte_of_the_answer_came() {
    let backend = Backend::start(|_, stream| {
        backend::write(stream, "HTTP/1.1 2");
        Then::Close
    });
    let house = before(&[&backend]);
    let response = house.plain().exchange(GET);
    assert_eq!(response.status, 502);
    assert_eq!(backend.requests(), 1);
}

#[test]
fn no_more_requests_are_sent_twice_than_the_budget_allows() {
    let backends = [0, 1].map(|_| Backend::start(|_, _| Then::Close));
    let mut upstream = app(&[backends[0].url(), backends[1].url()]);
    upstream.eject_after = 0;
    let house = House::with(everything_to(upstream));
    let mut client = house.plain();
    for _ in 0..100 {
        assert_eq!(client.exchange(GET).status, 502);
    }
    let sent = backends[0].requests() + backends[1].requests();
    // Ten that are saved up, and a fifth of a hundred.
    assert!(sent <= 100 + 10 + 20, "{sent}");
    let retries = house.metric("edge_upstream_retries_total{upstream=\"app\"}");
    assert_eq!(retries, sent as u64 - 100);
}

#[test]
fn a_connection_is_given_up_before_the_target_closes_it() {
    let backend = Backend::start(|_, stream| {
        backend::write(
            stream,
            "HTTP/1.1 200 OK\r\nkeep-alive: timeout=0\r\ncontent-length: 0\r\n\r\n",
        );
        Then::Keep
    });
    let house = before(&[&backend]);
    let mut client = house.plain();
    for round in 1..=3 {
        assert_eq!(client.exchange(GET).status, 200);
        assert_eq!(backend.connections(), round);
    }
}

#[test]
fn no_connection_rests_longer_than_it_may() {
    let closed = Arc::new(AtomicUsize::new(0));
    let backend = Backend::saying("hello");
    let mut upstream = app(&[backend.url()]);
    upstream.keep_alive = Span::from_millis(1);
    let house = House::with(everything_to(upstream));
    let mut client = house.plain();
    client.exchange(GET);
    eventually("a new connection", || {
        client.exchange(GET);
        closed.fetch_add(1, Ordering::SeqCst);
        backend.connections() > 3
    });
}

#[test]
fn what_cannot_be_sent_twice_takes_no_connection_that_the_target_may_be_closing() {
    // Closes every connection at its second request, as a server does whose patience just ended.
    let backend = Backend::start(|asked: &Asked, stream| {
        if asked.index > 0 {
            return Then::Close;
        }
        backend::write(stream, backend::text("hello"));
        Then::Keep
    });
    let house = before(&[&backend]);
    let mut client = house.plain();
    assert_eq!(client.exchange(GET).text(), "hello");
    let answered = Instant::now();
    eventually("a rest", || answered.elapsed() > Duration::from_secs(1));
    let post = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi";
    assert_eq!(client.exchange(post).text(), "hello");
    assert_eq!(backend.connections(), 2);
}
