//! What the edge counts.

use crate::house::{House, eventually};

#[test]
fn requests_are_counted_by_protocol_and_class_of_status_and_timed() {
    let house = House::open();
    let mut client = house.plain();
    client.exchange("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    client.exchange("GET /own HTTP/1.1\r\nhost: a\r\n\r\n");
    house.http2().get("https://localhost/");
    let count = |protocol: &str, class: &str| {
        house.metric(&format!(
            "edge_requests_total{{protocol=\"{protocol}\",class=\"{class}\"}}"
        ))
    };
    eventually("three answers", || {
        count("HTTP/1.1", "2xx") + count("HTTP/1.1", "4xx") + count("HTTP/2.0", "2xx") == 3
    });
    assert_eq!(
        (
            count("HTTP/1.1", "2xx"),
            count("HTTP/1.1", "4xx"),
            count("HTTP/2.0", "2xx")
        ),
        (1, 1, 1)
    );
    eventually("three times", || {
        house.metric("edge_request_duration_seconds_count") == 3
    });
}

#[test]
fn refusals_are_counted_by_cause() {
    let house = House::open();
    house.plain().exchange("GET / HTTP/1.1\r\n\r\n");
    house.plain().exchange("no request\r\n\r\n");
    let count = |cause: &str| house.metric(&format!("edge_refused_total{{cause=\"{cause}\"}}"));
    eventually("two refusals", || {
        count("bad_request:host_missing") + count("bad_request:head") == 2
    });
}

#[test]
fn open_connections_are_counted_and_failed_handshakes_too() {
    let house = House::open();
    let client = house.plain();
    eventually("a connection", || {
        house.metric("edge_connections_open") == 1
    });
    drop(client);
    eventually("its end", || house.metric("edge_connections_open") == 0);
    let mut stranger = testkit::Raw::connect(house.address("https"));
    stranger.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").rest();
    eventually("a failed handshake", || {
        house.metric("edge_handshakes_failed_total{cause=\"refused\"}") == 1
    });
}
