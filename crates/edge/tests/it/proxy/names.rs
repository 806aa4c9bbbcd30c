//! Targets behind names: asked of DNS again and again, whatever its answers' time to live.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Instant;

use edge::config::{CheckConfig, Span};
use testkit::names::Said;
use testkit::{Asked, Backend, Names, backend, backend::Then};

use super::{GET, app, everything_to};
use crate::house::{House, eventually};

/// Backends at these last numbers of the loopback network, all at one port, each of which says its number.
fn backends(numbers: &[u8]) -> (u16, Vec<Backend>) {
    let mut port = 0;
    let start = |number: &u8| {
        let address = SocketAddr::from(([127, 0, 0, *number], port));
        let backend = saying(number.to_string(), address);
        port = backend.address().port();
        backend
    };
    let backends = numbers.iter().map(start).collect();
    (port, backends)
}

/// A backend that answers every request with this text.
fn saying(text: String, address: SocketAddr) -> Backend {
    Backend::start_at(address, move |_: &Asked, stream| {
        backend::write(stream, backend::text(&text));
        Then::Keep
    })
}

fn addresses(numbers: &[u8]) -> Said {
    let address = |number: &u8| IpAddr::from([127, 0, 0, *number]);
    Said::Addresses(numbers.iter().map(address).collect())
}

/// An edge before a name that this server knows.
fn facing(names: &Names, name: &str, port: u16) -> House {
    let mut upstream = app(&[format!("http://{name}:{port}")]);
    upstream.wait = Span::from_secs(10);
    House::with(|plan| {
        everything_to(upstream)(plan);
        plan.config.name_server = Some(names.address());
    })
}

#[test]
fn requests_follow_a_name_to_its_new_address() {
    let names = Names::default();
    let (port, mut backends) = backends(&[21, 22]);
    names.say("app.test", addresses(&[21]));
    let house = facing(&names, "app.test", port);
    let mut client = house.plain();
    assert_eq!(client.exchange(GET).text(), "21");
    names.say("app.test", addresses(&[22]));
    drop(backends.remove(0));
    // The failed connection has the name asked at once, and the request waits for the answer.
    assert_eq!(client.exchange(GET).text(), "22");
    let record = house.records(2).pop().unwrap();
    assert!(
        record["duration_us"].as_u64().unwrap() < 4_000_000,
        "{record}"
    );
}

#[test]
fn the_last_good_answer_stands_while_the_name_server_fails() {
    let names = Names::default();
    let (port, _backends) = backends(&[23]);
    names.say("app.test", addresses(&[23]));
    let house = facing(&names, "app.test", port);
    let mut client = house.plain();
    assert_eq!(client.exchange(GET).text(), "23");
    names.say("app.test", Said::Failure);
    // The second round begins when the first one's answer has been heard.
    for _ in 0..2 {
        let before = names.questions();
        eventually("another question", || {
            assert_eq!(client.exchange(GET).text(), "23");
            names.questions() > before
        });
    }
}

#[test]
fn addresses_of_one_kind_stand_while_the_name_server_can_say_only_those_of_the_other() {
    let names = Names::default();
    let (ipv6, both) = (
        IpAddr::from(Ipv6Addr::LOCALHOST),
        [("one.test", 33), ("other.test", 34)],
    );
    let start = |(name, number): (&str, u8)| {
        let (port, mut started) = backends(&[number]);
        started.push(saying(format!("{number} by IPv6"), (ipv6, port).into()));
        let ipv4 = IpAddr::from([127, 0, 0, number]);
        names.say(name, Said::Addresses(vec![ipv4, ipv6]));
        (format!("http://{name}:{port}"), started)
    };
    let (targets, _backends): (Vec<_>, Vec<_>) = both.map(start).into_iter().unzip();
    let mut upstream = app(&targets);
    upstream.wait = Span::from_secs(10);
    let house = House::with(|plan| {
        everything_to(upstream)(plan);
        plan.config.name_server = Some(names.address());
    });
    let mut client = house.plain();
    let mut told = || {
        let mut told = [0; 4].map(|_| client.exchange(GET).text().to_owned());
        told.sort();
        told
    };
    let all = ["33", "33 by IPv6", "34", "34 by IPv6"];
    assert_eq!(told(), all);
    names.say("one.test", Said::OneKind(vec![[127, 0, 0, 33].into()]));
    names.say("other.test", Said::OneKind(vec![ipv6]));
    // The third round begins when the second one's answers have been heard.
    for _ in 0..3 {
        let before = names.questions();
        eventually("another question", || {
            assert_eq!(told(), all);
            names.questions() > before
        });
    }
}

#[test]
fn a_target_that_the_process_before_had_drained_stays_so_when_its_name_brings_it_up() {
    let names = Names::default();
    let (port, _backends) = backends(&[27, 28]);
    names.say("app.test", addresses(&[27, 28]));
    let label = format!("app/127.0.0.27:{port}");
    let mut upstream = app(&[format!("http://app.test:{port}")]);
    upstream.wait = Span::from_secs(10);
    let house = House::with(|plan| {
        everything_to(upstream)(plan);
        plan.config.name_server = Some(names.address());
        plan.drained = vec![label.clone(), "other/127.0.0.28:1".to_owned()];
    });
    let mut client = house.plain();
    for _ in 0..6 {
        assert_eq!(client.exchange(GET).text(), "28");
    }
    let drained = || house.control.hand_over().unwrap().drained;
    assert_eq!(drained(), [label.as_str()]);
    house.control.choose(&label).unwrap().resume();
    let mut told = [0; 2].map(|_| client.exchange(GET).text().to_owned());
    told.sort();
    assert_eq!(
        (told.as_slice(), drained().len()),
        (&["27".to_owned(), "28".to_owned()][..], 0)
    );
}

#[test]
fn many_failures_at_once_ask_for_a_name_no_more_often_than_a_few() {
    let names = Names::default();
    // Nobody listens at this address.
    let (port, _backends) = backends(&[29]);
    names.say("app.test", addresses(&[30]));
    let mut upstream = app(&[format!("http://app.test:{port}")]);
    upstream.wait = Span::from_millis(1500);
    let house = House::with(|plan| {
        everything_to(upstream)(plan);
        plan.config.name_server = Some(names.address());
    });
    let began = Instant::now();
    let mut clients: Vec<_> = (0..100).map(|_| house.plain()).collect();
    for client in &mut clients {
        client.send(GET);
    }
    for client in &mut clients {
        assert_eq!(client.response().status, 502);
    }
    // Two questions, for the two kinds of addresses, each half a second; the first round, and the one that goes on.
    let rounds = began.elapsed().as_millis() / 500 + 2;
    let asked = names.questions() as u128;
    assert!(
        asked > 2 && asked <= rounds * 2,
        "{asked} in {rounds} rounds"
    );
}

#[test]
fn an_address_that_came_back_gets_no_request_before_it_has_passed_a_check() {
    let names = Names::default();
    let is_well = Arc::new(AtomicBool::new(true));
    let said = Arc::clone(&is_well);
    let own = Backend::start_at(
        SocketAddr::from(([127, 0, 0, 31], 0)),
        move |asked, stream| {
            let is_unwell = asked.target() == "/health" && !said.load(SeqCst);
            let status = if is_unwell { "503 Unwell" } else { "200 OK" };
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\n31");
            backend::write(stream, head);
            Then::Keep
        },
    );
    let port = own.address().port();
    let other = Backend::start_at(SocketAddr::from(([127, 0, 0, 32], port)), |_, stream| {
        backend::write(stream, backend::text("32"));
        Then::Keep
    });
    names.say("app.test", addresses(&[31, 32]));
    let mut upstream = app(&[format!("http://app.test:{port}")]);
    upstream.wait = Span::from_secs(10);
    upstream.check = Some(CheckConfig {
        path: "/health".to_owned(),
        interval: Span::from_millis(50),
        rise: 1,
        ..CheckConfig::default()
    });
    let house = House::with(|plan| {
        everything_to(upstream)(plan);
        plan.config.name_server = Some(names.address());
    });
    let mut client = house.plain();
    let mut answers = |count| -> Vec<_> {
        let all = (0..count).map(|_| client.exchange(GET).text().to_owned());
        all.collect()
    };
    assert!(answers(4).contains(&"31".to_owned()));
    let target = own.address().to_string();
    names.say("app.test", addresses(&[32]));
    eventually("its absence", || house.control.choose(&target).is_err());
    is_well.store(false, SeqCst);
    names.say("app.test", addresses(&[31, 32]));
    eventually("its return", || house.control.choose(&target).is_ok());
    assert_eq!(answers(20), vec!["32"; 20]);
    is_well.store(true, SeqCst);
    eventually("its check", || answers(2).contains(&"31".to_owned()));
    drop(other);
}

#[test]
fn a_swarm_service_is_each_of_its_tasks() {
    let names = Names::default();
    let (port, _backends) = backends(&[24, 25, 26]);
    // The service's own address, behind which Swarm would choose.
    names.say("layanan", addresses(&[24]));
    names.say("tasks.layanan", addresses(&[25, 26]));
    let house = facing(&names, "layanan", port);
    let mut client = house.plain();
    let answers = [0; 4].map(|_| client.exchange(GET).text().to_owned());
    let mut told = answers.to_vec();
    told.sort();
    assert_eq!(told, ["25", "25", "26", "26"]);
}

#[test]
fn the_tasks_of_a_service_stand_while_the_name_server_can_say_only_the_service() {
    let names = Names::default();
    let (port, _backends) = backends(&[35, 36]);
    names.say("layanan", addresses(&[35]));
    names.say("tasks.layanan", addresses(&[36]));
    let house = facing(&names, "layanan", port);
    let mut client = house.plain();
    assert_eq!(client.exchange(GET).text(), "36");
    names.say("tasks.layanan", Said::Failure);
    // The second round begins when the first one's answers have been heard.
    for _ in 0..2 {
        let before = names.questions();
        eventually("another question", || {
            assert_eq!(client.exchange(GET).text(), "36");
            names.questions() > before + 1
        });
    }
}

#[test]
fn a_name_that_means_nothing_is_said_to_be_the_cause() {
    let names = Names::default();
    let mut upstream = app(&["http://nirgendwo.test:9".to_owned()]);
    upstream.wait = Span::from_millis(100);
    let house = House::with(|plan| {
        everything_to(upstream)(plan);
        plan.config.name_server = Some(names.address());
    });
    assert_eq!(house.plain().exchange(GET).status, 503);
    assert_eq!(house.records(1)[0]["cause"], "dns");
}
