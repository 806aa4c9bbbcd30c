//! How requests are spread, counted at the targets.

use std::io::Read;
use std::net::TcpListener;

use edge::config::{Balance, CheckConfig, Span, TargetConfig, TargetTable};
use testkit::backend::{self, Then};
use testkit::{Asked, Backend};

use super::{GET, app, before, everything_to};
use crate::house::{House, eventually};

fn shares(backends: &[Backend]) -> Vec<usize> {
    backends.iter().map(Backend::requests).collect()
}

fn backends(count: usize) -> Vec<Backend> {
    (0..count)
        .map(|index| Backend::saying(&index.to_string()))
        .collect()
}

fn urls(backends: &[Backend]) -> Vec<String> {
    backends.iter().map(Backend::url).collect()
}

#[test]
fn targets_take_turns() {
    let backends = backends(3);
    let house = House::with(everything_to(app(&urls(&backends))));
    let mut client = house.plain();
    for _ in 0..30 {
        client.exchange(GET);
    }
    assert_eq!(shares(&backends), [10, 10, 10]);
}

#[test]
fn a_weight_is_a_share_and_a_backup_waits() {
    let backends = backends(3);
    let mut upstream = app(&urls(&backends));
    let table = |url: String, weight, backup| {
        TargetConfig::Table(TargetTable {
            url,
            weight,
            backup,
        })
    };
    upstream.targets[0] = table(backends[0].url(), 3, false);
    upstream.targets[2] = table(backends[2].url(), 1, true);
    let house = House::with(everything_to(upstream));
    let mut client = house.plain();
    for _ in 0..40 {
        client.exchange(GET);
    }
    assert_eq!(shares(&backends), [30, 10, 0]);
}

#[test]
fn the_least_loaded_target_is_asked() {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let busy = Backend::start(move |_, stream| {
        let _ = held.lock().unwrap().recv();
        backend::write(stream, backend::text("busy"));
        Then::Keep
    });
    let free = Backend::saying("free");
    let mut upstream = app(&[busy.url(), free.url()]);
    upstream.balance = Balance::LeastConn;
    let house = House::with(everything_to(upstream));
    let mut waiting = house.plain();
    waiting.send(GET);
    eventually("the busy target to be asked", || busy.requests() == 1);
    let mut client = house.plain();
    for _ in 0..10 {
        assert_eq!(client.exchange(GET).text(), "free");
    }
    drop(release);
    assert_eq!(waiting.response().text(), "busy");
}

#[test]
fn a_client_stays_with_its_target() {
    for balance in [Balance::IpHash, Balance::Rendezvous] {
        let backends = backends(4);
        let mut upstream = app(&urls(&backends));
        upstream.balance = balance;
        let house = House::with(everything_to(upstream));
        for _ in 0..10 {
            house.plain().exchange(GET);
        }
        let mut shares = shares(&backends);
        shares.sort_unstable();
        assert_eq!(shares, [0, 0, 0, 10], "{balance:?}");
    }
}

#[test]
fn a_stopped_target_is_left_out_and_costs_no_request() {
    let mut backends = backends(3);
    let house = House::with(everything_to(app(&urls(&backends))));
    let mut client = house.plain();
    client.exchange(GET);
    drop(backends.remove(0));
    for _ in 0..30 {
        let response = client.exchange(GET);
        assert_eq!(response.status, 200);
    }
    let shares = shares(&backends);
    assert!(shares.iter().all(|share| *share >= 14), "{shares:?}");
    let tries = house.metric("edge_upstream_failures_total{upstream=\"app\",cause=\"connect\"}");
    assert_eq!(tries, 3, "left out after three failures in a row");
}

/// Says nothing at `/slow`, and what it is called elsewhere.
fn hanging(name: &'static str) -> Backend {
    Backend::start(move |asked: &Asked, stream| {
        if asked.target() == "/slow" {
            // Until the edge has had enough.
            let _ = stream.read(&mut [0]);
            return Then::Close;
        }
        backend::write(stream, backend::text(name));
        Then::Keep
    })
}

#[test]
fn a_target_that_hangs_is_left_out_and_one_that_is_slow_at_times_is_not() {
    let (hung, sound) = (
        TcpListener::bind("127.0.0.1:0").unwrap(),
        Backend::saying("sound"),
    );
    let mut upstream = app(&[
        format!("http://{}", hung.local_addr().unwrap()),
        sound.url(),
    ]);
    upstream.head_timeout = Span::from_millis(600);
    let house = House::with(everything_to(upstream));
    let mut client = house.plain();
    let statuses: Vec<_> = (0..20).map(|_| client.exchange(GET).status).collect();
    let lost = statuses.iter().filter(|status| **status == 504).count();
    assert_eq!(lost, 3, "{statuses:?}");

    let (one, other) = (hanging("one"), hanging("other"));
    let mut upstream = app(&[one.url(), other.url()]);
    upstream.head_timeout = Span::from_millis(600);
    let house = House::with(everything_to(upstream));
    let mut client = house.plain();
    for _ in 0..4 {
        assert_eq!(
            client
                .exchange("GET /slow HTTP/1.1\r\nhost: a\r\n\r\n")
                .status,
            504
        );
        let mut names = [0; 2].map(|_| client.exchange(GET).text().to_owned());
        names.sort();
        assert_eq!(names, ["one", "other"]);
        // So that the slow one is always the same target's.
        assert_eq!(client.exchange(GET).status, 200);
    }
}

#[test]
fn a_target_that_was_left_out_is_tried_before_nobody_is() {
    let mut backends = backends(2);
    let other = backends.remove(1);
    let (address, mut upstream) = (other.address(), app(&[backends[0].url(), other.url()]));
    upstream.eject_for = Span::from_secs(3600);
    let house = House::with(everything_to(upstream));
    drop(other);
    let mut client = house.plain();
    for _ in 0..10 {
        assert_eq!(client.exchange(GET).text(), "0");
    }
    let failures = "edge_upstream_failures_total{upstream=\"app\",cause=\"connect\"}";
    assert_eq!(house.metric(failures), 3, "it is left out");
    let _other = Backend::start_at(address, |_, stream| {
        backend::write(stream, backend::text("back"));
        Then::Keep
    });
    backends.clear();
    assert_eq!(client.exchange(GET).text(), "back");
    // It has shown that it is there: requests go there first again.
    let tried = house.metric(failures);
    for _ in 0..10 {
        let answer = client.exchange(GET);
        assert_eq!(
            (answer.text(), answer.header("x-upstream-panic")),
            ("back", None)
        );
    }
    assert!(house.metric(failures) <= tried + 3);
}

#[test]
fn a_target_that_takes_connections_and_says_nothing_is_left_out() {
    // As Docker's proxy does while nobody listens in the container.
    let mute = Backend::start(|_, _| Then::Close);
    let sound = Backend::saying("sound");
    let house = before(&[&mute, &sound]);
    let mut client = house.plain();
    let post = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi";
    let statuses: Vec<_> = (0..30).map(|_| client.exchange(post).status).collect();
    let lost = statuses.iter().filter(|status| **status == 502).count();
    assert_eq!(lost, 3, "{statuses:?}");
    assert_eq!(sound.requests(), 27);

    // The last one is never left out.
    let house = before(&[&mute]);
    let mut client = house.plain();
    for _ in 0..6 {
        assert_eq!(client.exchange(post).status, 502);
    }
    assert_eq!(house.records(6)[5]["cause"], "closed");
}

#[test]
fn a_target_that_fails_its_checks_is_left_out_until_it_passes_them() {
    let is_well = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let told = std::sync::Arc::clone(&is_well);
    let ailing = Backend::start(move |asked: &Asked, stream| {
        let status = if told.load(std::sync::atomic::Ordering::SeqCst) {
            200
        } else {
            503
        };
        if asked.target() == "/health" {
            backend::write(
                stream,
                format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n"),
            );
        } else {
            backend::write(stream, backend::text("ailing"));
        }
        Then::Keep
    });
    let sound = Backend::saying("sound");
    let mut upstream = app(&[ailing.url(), sound.url()]);
    upstream.check = Some(CheckConfig {
        interval: Span::from_millis(10),
        ..CheckConfig::default()
    });
    let house = House::with(everything_to(upstream));
    let open = || house.metric("edge_upstream_targets_open{upstream=\"app\"}");
    eventually("both to be open", || open() == 2);
    is_well.store(false, std::sync::atomic::Ordering::SeqCst);
    eventually("one to be left out", || open() == 1);
    let mut client = house.plain();
    for _ in 0..10 {
        assert_eq!(client.exchange(GET).text(), "sound");
    }
    is_well.store(true, std::sync::atomic::Ordering::SeqCst);
    eventually("both to be open again", || open() == 2);
    let answers: Vec<_> = (0..2)
        .map(|_| client.exchange(GET).text().to_owned())
        .collect();
    assert!(answers.contains(&"ailing".to_owned()), "{answers:?}");
}

#[test]
fn when_all_are_held_for_down_all_are_tried_and_the_answer_says_so() {
    let backend = Backend::start(|asked: &Asked, stream| {
        let status = if asked.target() == "/health" {
            500
        } else {
            200
        };
        backend::write(
            stream,
            format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n"),
        );
        Then::Keep
    });
    let mut upstream = app(&[backend.url()]);
    upstream.check = Some(CheckConfig {
        interval: Span::from_millis(5),
        ..CheckConfig::default()
    });
    let house = House::with(everything_to(upstream));
    let mut client = house.plain();
    eventually("panic", || {
        let response = client.exchange(GET);
        assert_eq!(response.status, 200);
        response.header("x-upstream-panic") == Some("app")
    });
    assert!(house.metric("edge_upstream_panics_total{upstream=\"app\"}") > 0);
}

#[test]
fn the_last_target_is_never_ejected() {
    let backend = Backend::saying("hello");
    let (address, house) = (backend.address(), before(&[&backend]));
    drop(backend);
    let mut client = house.plain();
    for _ in 0..10 {
        assert_eq!(client.exchange(GET).status, 502);
    }
    let _backend = Backend::start_at(address, |_, stream| {
        backend::write(stream, backend::text("back"));
        Then::Keep
    });
    assert_eq!(client.exchange(GET).text(), "back");
}
