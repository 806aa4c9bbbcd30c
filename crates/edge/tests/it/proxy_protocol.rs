//! Connections through a proxy that speaks the PROXY protocol.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use edge::config::Span;
use testkit::backend::{self, Then};
use testkit::raw::Raw;
use testkit::tls::connect_on;
use testkit::{Asked, Backend};

use crate::house::{House, Plan, eventually};
use crate::proxy::{app, everything_to};

const REQUEST: &str = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// A house that takes this machine for a proxy.
fn behind_a_proxy(change: impl FnOnce(&mut Plan)) -> House {
    House::with(|plan| {
        plan.config.proxy_protocol = true;
        plan.config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        change(plan);
    })
}

/// A house that takes nobody here for a proxy.
fn behind_none() -> House {
    behind_a_proxy(|plan| plan.config.trusted_proxies = vec!["192.0.2.0/24".parse().unwrap()])
}

fn line(from: &str) -> Vec<u8> {
    format!("PROXY TCP4 {from} 198.51.100.1 4711 443\r\n").into_bytes()
}

/// A header of version 2, with an extension.
fn binary(from: [u8; 4]) -> Vec<u8> {
    let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x11".to_vec();
    header.extend(from);
    header.extend([198, 51, 100, 1, 0x12, 0x67, 1, 0xbb, 0x04, 0, 2, 0, 0]);
    header
}

fn after(house: &House, header: &[u8]) -> Raw {
    let mut client = house.plain();
    client.send(header);
    client
}

/// Who the record says the client is.
fn client_of(house: &House, index: usize) -> String {
    house.records(index + 1)[index]["client"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Closed without a word, for this cause, which the log and the metrics name.
fn is_refused(house: &House, client: &mut Raw, cause: &str, count: u64) {
    assert!(client.is_closed(), "{cause}");
    let metric = format!("edge_refused_total{{cause=\"{cause}\"}}");
    eventually(&metric, || house.metric(&metric) == count);
    let place = usize::try_from(count).unwrap() - 1;
    let record = &house.records(place + 1)[place];
    assert_eq!(
        (&record["cause"], &record["client"]),
        (&cause.into(), &"127.0.0.1".into())
    );
}

#[test]
fn the_client_that_the_header_names_counts_in_plain_http() {
    let house = behind_a_proxy(|_| {});
    for (index, header) in [line("192.0.2.7"), binary([192, 0, 2, 7])]
        .iter()
        .enumerate()
    {
        let mut client = after(&house, header);
        assert_eq!(client.exchange(REQUEST).status, 200);
        assert_eq!(client_of(&house, index), "192.0.2.7");
    }
}

#[test]
fn the_header_comes_before_tls() {
    let house = behind_a_proxy(|_| {});
    let socket = || TcpStream::connect(house.address("https")).unwrap();
    let mut named = socket();
    named.write_all(&binary([192, 0, 2, 7])).unwrap();
    let mut client = connect_on(named, house.trust().config(&["http/1.1"]), "localhost");
    assert_eq!(client.exchange(REQUEST).status, 200);
    assert_eq!(client_of(&house, 0), "192.0.2.7");
    let mut bare = connect_on(socket(), house.trust().config(&["http/1.1"]), "localhost");
    assert!(bare.send(REQUEST).try_response("GET").is_none());
    let refused = "edge_refused_total{cause=\"bad_request:proxy_header\"}";
    eventually(refused, || house.metric(refused) == 1);
}

#[test]
fn a_torn_header_is_put_together() {
    let house = behind_a_proxy(|_| {});
    for (index, header) in [line("192.0.2.7"), binary([192, 0, 2, 7])]
        .iter()
        .enumerate()
    {
        let mut client = house.plain();
        for byte in header {
            client.send([*byte]);
            std::thread::yield_now();
        }
        assert_eq!(client.exchange(REQUEST).status, 200);
        assert_eq!(client_of(&house, index), "192.0.2.7");
    }
}

#[test]
fn header_and_request_may_come_together() {
    let house = behind_a_proxy(|_| {});
    let whole = [binary([192, 0, 2, 7]).as_slice(), REQUEST.as_bytes()].concat();
    assert_eq!(after(&house, &whole).response().status, 200);
    assert_eq!(client_of(&house, 0), "192.0.2.7");
}

#[test]
fn a_trusted_proxy_must_send_a_good_header() {
    let house = behind_a_proxy(|_| {});
    let mut oversize = binary([192, 0, 2, 7]);
    oversize[14..16].copy_from_slice(&u16::MAX.to_be_bytes());
    let mut socket_file = binary([192, 0, 2, 7]);
    socket_file[13] = 0x31;
    let bad: [&[u8]; 5] = [
        REQUEST.as_bytes(),
        b"PROXY TCP4 192.0.2.7 198.51.100.1 4711\r\n",
        &[b'x'; 500],
        &oversize,
        &socket_file,
    ];
    for (count, header) in (1..).zip(bad) {
        let mut client = after(&house, header);
        is_refused(&house, &mut client, "bad_request:proxy_header", count);
    }
    let mut half = after(&house, &line("192.0.2.7")[..20]);
    is_refused(&house, half.finish(), "bad_request:proxy_header", 6);
    assert_eq!(house.records(6).len(), 6);
}

#[test]
fn a_check_that_says_nothing_is_not_worth_a_record() {
    let house = behind_a_proxy(|_| {});
    assert!(house.plain().finish().is_closed());
    assert_eq!(
        after(&house, &line("192.0.2.7")).exchange(REQUEST).status,
        200
    );
    assert_eq!(house.records(1).len(), 1);
}

#[test]
fn a_header_from_anybody_else_is_refused_and_without_one_he_is_served() {
    let house = behind_none();
    assert_eq!(house.plain().exchange(REQUEST).status, 200);
    assert_eq!(house.tls().exchange(REQUEST).status, 200);
    assert_eq!(client_of(&house, 1), "127.0.0.1");
    let house = behind_none();
    for (count, header) in (1..).zip([line("192.0.2.7"), binary([192, 0, 2, 7])]) {
        let mut client = after(&house, &header);
        is_refused(
            &house,
            &mut client,
            "bad_request:proxy_header_forbidden",
            count,
        );
    }
    // In pieces it is either seen in time, or refused as bad HTTP once the head has its end.
    let mut torn = after(&house, b"P");
    torn.send([&line("192.0.2.7")[1..], REQUEST.as_bytes()].concat());
    let status = torn.try_response("GET").map(|answer| answer.status);
    assert!(matches!(status, None | Some(400)), "{status:?}");
}

#[test]
fn a_header_that_does_not_end_is_not_waited_for() {
    let patience = Duration::from_millis(300);
    let house = behind_a_proxy(|plan| plan.config.timeout.handshake = Span::from_millis(300));
    let began = Instant::now();
    let mut client = after(&house, b"PROXY TCP4 192.0.2.7");
    is_refused(&house, &mut client, "timeout:proxy_header", 1);
    assert!(began.elapsed() >= patience);
    let mut silent = house.plain();
    is_refused(&house, &mut silent, "timeout:proxy_header", 2);
}

#[test]
fn a_stranger_who_says_nothing_is_no_proxy_without_a_header() {
    let house = behind_a_proxy(|plan| {
        plan.config.trusted_proxies = vec!["192.0.2.0/24".parse().unwrap()];
        plan.config.timeout.handshake = Span::from_millis(100);
    });
    assert!(house.plain().is_closed());
    let overdue = "edge_connections_overdue_total{cause=\"head\"}";
    eventually(overdue, || house.metric(overdue) == 1);
    assert_eq!(
        house.metric("edge_refused_total{cause=\"timeout:proxy_header\"}"),
        0
    );
}

#[test]
fn a_proxy_that_speaks_for_itself_names_no_clients_by_other_headers() {
    let house = behind_a_proxy(|_| {});
    let local = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0".as_slice();
    let request = "GET / HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 192.0.2.9\r\n\r\n";
    for (index, header) in [local, b"PROXY UNKNOWN\r\n"].into_iter().enumerate() {
        assert_eq!(after(&house, header).exchange(request).status, 200);
        assert_eq!(client_of(&house, index), "127.0.0.1");
    }
}

#[test]
fn a_proxy_behind_the_proxy_is_believed_if_it_is_trusted() {
    let house = behind_a_proxy(|plan| {
        plan.config
            .trusted_proxies
            .push("10.0.0.0/8".parse().unwrap());
    });
    let request = "GET / HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 192.0.2.9\r\n\r\n";
    for (index, (peer, client)) in [("10.0.0.1", "192.0.2.9"), ("192.0.2.7", "192.0.2.7")]
        .iter()
        .enumerate()
    {
        assert_eq!(after(&house, &line(peer)).exchange(request).status, 200);
        assert_eq!(client_of(&house, index), *client);
    }
}

#[test]
fn limits_hold_for_each_client_behind_the_proxy() {
    let house = behind_a_proxy(|plan| {
        plan.config.connections.per_address = 2;
        (plan.config.limit.rate, plan.config.limit.burst) = ("1r/m".parse().unwrap(), 0);
    });
    let open = |from| after(&house, &line(from));
    let mut held = [open("192.0.2.1"), open("192.0.2.1"), open("192.0.2.2")];
    let statuses = held
        .each_mut()
        .map(|client| client.exchange(REQUEST).status);
    assert_eq!(statuses, [200, 429, 200]);
    assert!(open("192.0.2.1").is_closed());
    let full = "edge_connections_refused_total{cause=\"for_address\"}";
    assert_eq!(house.metric(full), 1);
    let [first, ..] = held;
    drop(first);
    eventually("a place", || {
        let mut client = after(&house, &line("192.0.2.1"));
        client.send(REQUEST).try_response("GET").is_some()
    });
}

#[test]
fn it_needs_somebody_to_trust() {
    let bound = House::within(tempfile::tempdir().unwrap(), |plan| {
        plan.config.proxy_protocol = true;
    });
    let fault = bound.err().expect("a fault").to_string();
    assert!(
        fault.contains("`edge.proxy_protocol`: needs `edge.trusted_proxies`"),
        "{fault}"
    );
}

#[test]
fn an_upstream_is_told_of_the_client() {
    let backend = Backend::start(|asked: &Asked, stream| {
        backend::write(stream, backend::text(&asked.head));
        Then::Keep
    });
    let house = behind_a_proxy(everything_to(app(&[backend.url()])));
    let told = after(&house, &line("192.0.2.7")).exchange(REQUEST);
    for header in ["x-forwarded-for: 192.0.2.7", "x-real-ip: 192.0.2.7"] {
        assert!(told.text().contains(header), "{}", told.text());
    }
}
