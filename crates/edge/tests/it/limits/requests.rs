//! The request limit.

use std::time::{Duration, Instant};

use edge::config::LimitConfig;
use testkit::raw::Raw;

use crate::house::House;

fn with(change: impl FnOnce(&mut LimitConfig)) -> House {
    House::with(|plan| change(&mut plan.config.limit))
}

fn ask(client: &mut Raw, path: &str) -> testkit::Response {
    client.exchange(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n"))
}

#[test]
fn requests_beyond_the_burst_are_told_when_to_come_again() {
    let house =
        with(|limit| (limit.rate, limit.burst, limit.nodelay) = ("2r/m".parse().unwrap(), 3, true));
    let mut client = house.plain();
    for _ in 0..4 {
        assert_eq!(ask(&mut client, "/").status, 200);
    }
    let refused = ask(&mut client, "/");
    assert_eq!(refused.status, 429);
    let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((28..=31).contains(&seconds), "{seconds}");
    assert_eq!(
        refused.header("ratelimit-policy"),
        Some("\"address\";q=1;w=30")
    );
    assert!(
        refused
            .header("ratelimit")
            .unwrap()
            .starts_with("\"address\";r=0;t=")
    );
    assert_eq!(refused.header("connection"), None);
    assert_eq!(house.records(5)[4]["cause"], "limit");
    assert_eq!(house.metric("edge_refused_total{cause=\"limit\"}"), 1);
}

#[test]
fn the_limit_is_one_for_all_connections_protocols_and_threads_of_an_address() {
    let house = House::with(|plan| {
        plan.threads = 2;
        let limit = &mut plan.config.limit;
        (limit.rate, limit.burst, limit.nodelay) = ("1r/m".parse().unwrap(), 2, true);
    });
    assert_eq!(ask(&mut house.plain(), "/").status, 200);
    assert_eq!(ask(&mut house.tls(), "/").status, 200);
    let mut http2 = house.http2();
    assert_eq!(http2.get("https://localhost/").status, 200);
    assert_eq!(http2.get("https://localhost/").status, 429);
    assert_eq!(ask(&mut house.plain(), "/").status, 429);
}

#[test]
fn health_is_never_limited() {
    let house = with(|limit| (limit.rate, limit.burst) = ("1r/m".parse().unwrap(), 0));
    let mut client = house.plain();
    assert_eq!(ask(&mut client, "/").status, 200);
    assert_eq!(ask(&mut client, "/").status, 429);
    for _ in 0..10 {
        assert_eq!(ask(&mut client, "/health").status, 200);
    }
    let posted = client.exchange("POST /health HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(posted.status, 429);
}

#[test]
fn requests_in_excess_wait_for_their_turn() {
    let house =
        with(|limit| (limit.rate, limit.burst, limit.delay) = ("10r/s".parse().unwrap(), 5, 1));
    let mut client = house.plain();
    let began = Instant::now();
    for _ in 0..2 {
        assert_eq!(ask(&mut client, "/").status, 200);
    }
    let at_once = began.elapsed();
    for _ in 0..3 {
        assert_eq!(ask(&mut client, "/").status, 200);
    }
    // The third waits 100 ms, and so does each after it, since they come one by one.
    assert!(
        began.elapsed() > at_once + Duration::from_millis(200),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn only_so_many_requests_wait_at_a_time() {
    let house = with(|limit| {
        (limit.rate, limit.burst, limit.delay, limit.waiting) = ("1r/s".parse().unwrap(), 10, 0, 1);
    });
    let mut clients = [house.plain(), house.plain(), house.plain()];
    for client in &mut clients {
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    }
    let mut statuses = clients.map(|mut client| client.response().status);
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 429]);
}

#[test]
fn clients_behind_a_trusted_proxy_are_limited_apart_and_ipv6_by_its_64() {
    let house = House::with(|plan| {
        plan.config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        (plan.config.limit.rate, plan.config.limit.burst) = ("1r/m".parse().unwrap(), 0);
    });
    let mut client = house.plain();
    for (address, status) in [
        ("192.0.2.1", 200),
        ("192.0.2.1", 429),
        ("192.0.2.2", 200),
        ("2001:db8:0:1::1", 200),
        ("2001:db8:0:1:ffff::2", 429),
        ("2001:db8:0:2::1", 200),
    ] {
        let request = format!("GET / HTTP/1.1\r\nhost: a\r\nx-forwarded-for: {address}\r\n\r\n");
        assert_eq!(client.exchange(request).status, status, "{address}");
    }
}
