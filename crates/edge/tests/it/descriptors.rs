//! What happens when the process has no more open files. The limit is the whole
//! process's, and nextest runs each test in a process of its own.

use std::convert::Infallible;
use std::fs::File;
use std::net::SocketAddr;

use bytes::Bytes;
use edge::config::{Listen, RateSetting};
use edge::{Body, Config, Edge, LocalService, Setup};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use lifecycle::{Facts, Readiness, Tasks, shutdown};
use prometheus_client::registry::Registry;
use socket2::{Domain, Socket, Type};
use testkit::Raw;
use tower::service_fn;

fn hello() -> LocalService {
    LocalService::new(service_fn(|_: Request<Body>| async {
        let body = Full::new(Bytes::from_static(b"hello"));
        Ok::<_, Infallible>(Response::new(
            body.map_err(|never| match never {}).boxed_unsync(),
        ))
    }))
}

#[test]
fn without_open_files_connections_are_turned_away_until_there_are_some_again() {
    const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    let directory = tempfile::tempdir().unwrap();
    let mut config = Config {
        https: Listen::OFF,
        ..Config::default()
    };
    config.http = Listen::at(SocketAddr::from(([127, 0, 0, 1], 0)));
    config.limit.rate = RateSetting::OFF;
    let mut registry = Registry::default();
    let setup = Setup {
        config,
        domains: Vec::new(),
        data: directory.path().to_owned(),
        threads: 1,
        local: Some(hello()),
        facts: Facts::default(),
        levels: None,
        handed: None,
    };
    let edge = Edge::bind(setup, &Readiness::default(), &mut registry).unwrap();
    let address = edge.bound()[0].address;
    let (trigger, shutdown) = shutdown::channel();
    let mut tasks = Tasks::new(trigger.clone(), shutdown);
    edge.run(&mut tasks).unwrap();
    let mut early = Raw::connect(address);
    assert_eq!(early.exchange(GET).status, 200);

    // A client's socket first, then every descriptor that is left.
    let late = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    limit_open_files(200);
    let mut hoard = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        hoard.push(file);
    }
    late.connect(&address.into()).unwrap();
    let mut late = Raw::on(late.into());
    assert!(late.is_closed(), "the client is told at once");
    for _ in 0..50 {
        assert_eq!(early.exchange(GET).status, 200, "who is in is served");
    }
    drop(hoard);
    assert_eq!(Raw::connect(address).exchange(GET).status, 200);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    let count = text
        .lines()
        .find_map(|line| line.strip_prefix("edge_descriptors_exhausted_total "))
        .unwrap();
    assert!(
        (1..50).contains(&count.parse::<u64>().unwrap()),
        "{count} failed accepts: a pause lies between them"
    );
    trigger.drain();
    tasks.join().unwrap();
}

fn limit_open_files(most: u64) {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = Some(most);
    setrlimit(Resource::Nofile, limit).unwrap();
}
