//! Targets that speak HTTP/2: connections that many requests share, and what may be sent again.

pub(super) mod peers;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use edge::config::{CheckConfig, Span};
use futures_util::future::join_all;
use h2::Reason;
use http::{HeaderMap, Method, Response};
use testkit::{Authority, Backend};
use tokio::sync::Semaphore;

use super::calls::http2;
use super::{GET, app, everything_to};
use crate::house::{House, eventually};
use peers::{Asked, Client, Limits, Target};

const CONNECTIONS: &str = "edge_upstream_connections_total{upstream=\"app\"}";

fn facing(target: &Target) -> House {
    House::with(everything_to(http2(&[target.url()])))
}

/// Answers with the request's own body and trailers.
async fn echo(mut asked: Asked) {
    let (body, trailers) = asked.body().await;
    asked.answer(Response::new(()), &body, trailers);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_both_protocols_share_one_connection() {
    let target = Target::start(Limits::default(), echo).await;
    let house = facing(&target);
    let mut client = house.plain();
    for _ in 0..5 {
        let post = "POST /x HTTP/1.1\r\nhost: app.example:8080\r\ncontent-length: 2\r\n\r\nhi";
        assert_eq!(client.exchange(post).text(), "hi");
    }
    let client = Client::connect(&house).await;
    let answers = (0..50).map(|number| client.post(format!("{number}")));
    for (number, answer) in join_all(answers).await.into_iter().enumerate() {
        assert_eq!(answer.unwrap().text(), number.to_string());
    }
    assert_eq!((target.connections(), house.metric(CONNECTIONS)), (1, 1));
    let head = target.head(0);
    assert_eq!(head.uri.to_string(), "http://app.example:8080/x");
    let header = |name| head.headers.get(name).map(|value| value.to_str().unwrap());
    assert_eq!(
        (header("te"), header("host"), header("connection")),
        (Some("trailers"), None, None)
    );
    assert_eq!(header("x-forwarded-for"), Some("127.0.0.1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_streams_are_opened_than_the_target_allows() {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let limits = Limits {
        streams: 5,
        ..Limits::default()
    };
    let target = Target::start(limits, move |asked: Asked| {
        let held = Arc::clone(&held);
        async move {
            held.acquire().await.unwrap().forget();
            echo(asked).await;
        }
    })
    .await;
    let house = facing(&target);
    let client = Client::connect(&house).await;
    let answers = tokio::spawn(async move {
        join_all((0..23).map(|number| client.post(format!("{number}")))).await
    });
    eventually("every request's arrival", || target.open() == 23);
    assert_eq!((target.connections(), target.most_at_once()), (5, 5));
    gate.add_permits(23);
    assert!(
        answers
            .await
            .unwrap()
            .into_iter()
            .all(|answer| answer.unwrap().status == 200)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_the_target_refused_is_sent_again_whatever_it_asks_for() {
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&seen);
    let target = Target::start(Limits::default(), move |asked: Asked| {
        every_second(counted.fetch_add(1, SeqCst), asked)
    })
    .await;
    let house = facing(&target);
    let client = Client::connect(&house).await;
    for length in [0, 10, 50_000] {
        // Of unknown length, as gRPC's are.
        let body = "a".repeat(length);
        assert_eq!(client.stream(body.clone()).await.unwrap().text(), body);
    }
    assert_eq!(seen.load(SeqCst), 6);
    let record = house.records(3).pop().unwrap();
    assert_eq!(
        (&record["attempts"], &record["status"]),
        (&2.into(), &200.into())
    );
}

/// Refuses the others.
async fn every_second(number: usize, asked: Asked) {
    if number.is_multiple_of(2) {
        asked.reset(Reason::REFUSED_STREAM);
    } else {
        echo(asked).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_failed_otherwise_is_sent_again_only_if_that_is_harmless() {
    for (method, tries) in [(Method::POST, 2), (Method::PUT, 3)] {
        let target = Target::start(Limits::default(), |asked: Asked| async move {
            asked.reset(Reason::INTERNAL_ERROR);
        })
        .await;
        let house = facing(&target);
        let client = Client::connect(&house).await;
        // The first time the connection is new, so that another would fare no better.
        assert_eq!(client.send(method.clone(), "hi").await.unwrap().status, 502);
        let answer = client.send(method.clone(), "hi").await.unwrap();
        assert_eq!((answer.status, target.requests()), (502, tries), "{method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_the_target_sends_its_clients_away() {
    // Each connection is closed after a few requests, with others on their way.
    let limits = Limits {
        requests: 7,
        ..Limits::default()
    };
    let target = Target::start(limits, echo).await;
    let house = facing(&target);
    let client = Client::connect(&house).await;
    for round in 0..20 {
        let answers = join_all((0..20).map(|number| client.stream(format!("{number}")))).await;
        for (number, answer) in answers.into_iter().enumerate() {
            let answer = answer.unwrap();
            assert_eq!(
                (answer.status, answer.text()),
                (200, &*number.to_string()),
                "round {round}"
            );
        }
    }
    // Each of the twenty rounds met at least one connection's end.
    assert!(target.connections() >= 20, "{}", target.connections());
}

#[tokio::test(flavor = "multi_thread")]
async fn trailers_pass_both_ways() {
    let target = Target::start(Limits::default(), echo).await;
    let house = facing(&target);
    let client = Client::connect(&house).await;
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-x", "1".parse().unwrap());
    trailers.insert("own", "2".parse().unwrap());
    trailers.insert("authorization", "3".parse().unwrap());
    for (kind, kept) in [
        ("application/grpc", &["grpc-x", "own"][..]),
        ("text/plain", &["grpc-x"]),
    ] {
        let body = client.with_trailers(kind, "hello", trailers.clone()).await;
        let (back, body) = (body.trailers().cloned().unwrap(), body.to_bytes());
        assert_eq!(body, "hello");
        let names: Vec<_> = back.keys().map(http::HeaderName::as_str).collect();
        assert_eq!(names, kept, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_are_asked_in_http_2() {
    let target = Target::start(Limits::default(), |mut asked: Asked| async move {
        let status = if asked.head.uri.path() == "/health" {
            204
        } else {
            200
        };
        asked.answer(
            Response::builder().status(status).body(()).unwrap(),
            b"",
            None,
        );
    })
    .await;
    let plain = Backend::saying("speaks HTTP/1.1 only");
    let mut upstream = http2(&[target.url(), plain.url()]);
    upstream.check = Some(CheckConfig {
        interval: Span::from_millis(20),
        fall: 1,
        ..CheckConfig::default()
    });
    let house = House::with(everything_to(upstream));
    let open = "edge_upstream_targets_open{upstream=\"app\"}";
    eventually("one target's loss", || house.find_metric(open) == Some(1));
    let mut client = house.plain();
    for _ in 0..5 {
        assert_eq!(client.exchange(GET).status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_the_target_must_prove_itself_and_offer_the_protocol() {
    let authority = Authority::default();
    let directory = tempfile::tempdir().unwrap();
    for (name, alpn, status, cause) in [
        ("127.0.0.1", "h2", 200, None),
        ("127.0.0.1", "http/1.1", 502, Some("tls")),
        ("other.example", "h2", 502, Some("tls")),
    ] {
        let limits = Limits {
            tls: Some(authority.issue(directory.path(), &[name])),
            alpn,
            ..Limits::default()
        };
        let target = Target::start(limits, echo).await;
        let mut upstream = http2(&[target.url()]);
        upstream.ca_file = Some(authority.root(directory.path()));
        let house = House::with(everything_to(upstream));
        assert_eq!(house.plain().exchange(GET).status, status, "{name} {alpn}");
        let record = house.records(1).pop().unwrap();
        assert_eq!(
            record.get("cause").map(|cause| cause.as_str().unwrap()),
            cause
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_speaks_another_protocol_is_told_apart() {
    let plain = Backend::saying("hello");
    let house = House::with(everything_to(http2(&[plain.url()])));
    assert_eq!(house.plain().exchange(GET).status, 502);
    assert_eq!(house.records(1)[0]["cause"], "connect");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_protocol_is_spoken_from_the_reload_on() {
    let target = Target::start(Limits::default(), echo).await;
    let house = House::with(everything_to(app(&[target.url()])));
    assert_eq!(house.plain().exchange(GET).status, 502);
    let mut config = house.config.clone();
    config.upstream = vec![http2(&[target.url()])];
    house.control.reload(config, &[]).unwrap();
    assert_eq!(house.plain().exchange(GET).status, 200);
    house.control.reload(house.config.clone(), &[]).unwrap();
    assert_eq!(house.plain().exchange(GET).status, 502);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_takes_nothing_holds_up_nobody_else() {
    let target = Target::start(Limits::default(), |mut asked: Asked| async move {
        let body = vec![
            1;
            if asked.head.uri.path() == "/big" {
                4_000_000
            } else {
                10
            }
        ];
        asked.answer_slowly(&body).await;
    })
    .await;
    let house = facing(&target);
    let mut slow: Vec<_> = (0..30).map(|_| house.plain()).collect();
    for client in &mut slow {
        client.send("GET /big HTTP/1.1\r\nhost: a\r\n\r\n");
    }
    eventually("the slow ones' arrival", || target.requests() == 30);
    let mut quick = house.plain();
    for _ in 0..50 {
        assert_eq!(quick.exchange(GET).body.len(), 10);
    }
    assert_eq!(target.connections(), 1);
    for mut client in slow {
        assert_eq!(client.response().body.len(), 4_000_000);
    }
}
