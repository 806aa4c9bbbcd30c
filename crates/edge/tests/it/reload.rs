//! Other settings, put in force while requests come.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;

use edge::Config;
use edge::config::{KeyedLimitConfig, LimitConfig, RateSetting, SiteConfig, Span, UpstreamConfig};
use testkit::Backend;

use crate::house::{House, eventually};
use crate::proxy::{GET, app, everything_to};

/// The house's settings with a change.
fn reload(house: &House, change: impl FnOnce(&mut Config)) {
    let mut config = house.config.clone();
    change(&mut config);
    house.control.reload(config, &[]).unwrap();
}

fn to(backend: &Backend) -> UpstreamConfig {
    app(&[backend.url()])
}

fn site(host: &str, upstream: &str) -> SiteConfig {
    SiteConfig {
        host: host.to_owned(),
        upstream: Some(upstream.to_owned()),
        ..SiteConfig::default()
    }
}

#[test]
fn a_connection_that_is_open_obeys_the_new_rules_with_its_next_request() {
    let (one, other) = (Backend::saying("one"), Backend::saying("other"));
    let house = House::with(everything_to(to(&one)));
    let mut clients = [house.plain(), house.tls()];
    for client in &mut clients {
        assert_eq!(client.exchange(GET).text(), "one");
    }
    reload(&house, |config| {
        config.upstream[0] = to(&other);
        config.hsts = Span::from_secs(0);
    });
    for client in &mut clients {
        assert_eq!(client.exchange(GET).text(), "other");
    }
    reload(&house, |config| {
        config.site[0].host = "elsewhere.example".to_owned();
    });
    assert_eq!(clients[0].exchange(GET).status, 404);
    reload(&house, |config| {
        config.request.target = "8B".parse().unwrap();
    });
    let long = "GET /123456789 HTTP/1.1\r\nhost: localhost\r\n\r\n";
    assert_eq!(clients[0].exchange(long).status, 414);
}

#[test]
fn other_names_are_served_and_those_before_no_more() {
    let own =
        |names: &[&str]| -> Vec<String> { names.iter().map(|name| (*name).to_owned()).collect() };
    let house = House::with(|plan| plan.domains = own(&["tetap.example", "lama.example"]));
    let get = |host: &str| format!("GET / HTTP/1.1\r\nhost: {host}\r\n\r\n");
    // The local authority is another one for other names.
    let connect = |name: &str| house.trust().connect(house.address("https"), name);
    let is_served = |name: &str| {
        let mut client = connect(name);
        let is_sent = client.try_send(get(name).as_bytes()).is_ok();
        let answer = client.try_response("GET").filter(|_| is_sent);
        answer.is_some_and(|answer| answer.status == 200)
    };
    let location = |host: &str| {
        let answer = house.plain().exchange(get(host));
        answer.header("location").unwrap_or_default().to_owned()
    };
    let mut client = connect("tetap.example");
    assert_eq!(client.exchange(get("tetap.example")).status, 200);
    assert!(is_served("lama.example") && !is_served("baru.example"));
    let leaf = house.file("tls/leaf.pem");
    let before = fs::read(&leaf).unwrap();

    let names = own(&["tetap.example", "baru.example"]);
    house.control.reload(house.config.clone(), &names).unwrap();
    // Written last.
    eventually("the new certificate", || {
        fs::read(&leaf).is_ok_and(|now| now != before)
    });
    eventually("that it is in force", || is_served("baru.example"));
    assert!(is_served("tetap.example") && is_served("localhost"));
    assert!(!is_served("lama.example"));
    assert_eq!(client.exchange(get("tetap.example")).status, 200);
    assert!(location("baru.example").starts_with("https://baru.example:"));
    assert!(location("lama.example").starts_with("https://tetap.example:"));
}

#[test]
fn what_stays_the_same_keeps_what_it_knows() {
    let (own, other) = (Backend::saying("own"), Backend::saying("other"));
    let house = House::with(|plan| {
        everything_to(app(&[own.url(), other.url()]))(plan);
        plan.config.limit = LimitConfig {
            rate: "1r/m".parse::<RateSetting>().unwrap(),
            burst: 8,
            nodelay: true,
            ..LimitConfig::default()
        };
    });
    let mut client = house.plain();
    for _ in 0..4 {
        assert_eq!(client.exchange(GET).status, 200);
    }
    let drained = house.control.choose(&other.address().to_string()).unwrap();
    drained.drain();
    // The upstream stays, then it changes and its targets stay, then the targets change as well.
    for round in 1..4 {
        reload(&house, |config| {
            config.hsts = Span::from_secs(round);
            if round > 1 {
                config.upstream[0].wait = Span::from_secs(round);
            }
            if round > 2 {
                config.upstream[0].keep_alive = Span::from_secs(3);
            }
        });
        assert_eq!(
            client.exchange(GET).text(),
            "own",
            "a drained target stays drained"
        );
    }
    assert_eq!(own.requests() + other.requests(), 7);
    // Only new targets, of round 3, had to be connected to anew.
    assert_eq!(own.connections(), 2);
    let left: Vec<_> = (0..4).map(|_| client.exchange(GET).status).collect();
    assert_eq!(left, [200, 200, 429, 429], "the limiter remembers");
    reload(&house, |config| config.limit.burst = 100);
    assert_eq!(client.exchange(GET).status, 200);
}

#[test]
fn wrong_settings_change_nothing() {
    let own = Backend::saying("own");
    let house = House::with(everything_to(to(&own)));
    let mut client = house.plain();
    let refused = |change: &dyn Fn(&mut Config)| {
        let mut config = house.config.clone();
        config.request.target = "8B".parse().unwrap();
        change(&mut config);
        house.control.reload(config, &[]).unwrap_err().to_string()
    };
    let text = refused(&|config| config.site[0].upstream = Some("nobody".to_owned()));
    assert!(text.contains("there is no upstream `nobody`"), "{text}");
    let text = refused(&|config| config.site.clear());
    assert!(text.contains("nobody to hand requests to"), "{text}");
    let text = refused(&|config| {
        config.upstream[0].targets = vec![edge::config::TargetConfig::Url("https://a:1".into())];
        config.upstream[0].ca_file = Some("/nowhere.pem".into());
    });
    assert!(text.contains("/nowhere.pem"), "{text}");
    let long = "GET /123456789 HTTP/1.1\r\nhost: localhost\r\n\r\n";
    assert_eq!(client.exchange(long).text(), "own");
}

#[test]
fn a_request_that_waits_for_a_target_is_served_by_the_new_one() {
    let own = Backend::saying("own");
    let house = House::with(|plan| {
        let mut upstream = app(&["http://127.0.0.1:1".to_owned()]);
        upstream.wait = Span::from_secs(20);
        everything_to(upstream)(plan);
    });
    let mut client = house.plain();
    client.send(GET);
    eventually("a try in vain", || {
        let failures = "edge_upstream_failures_total{upstream=\"app\",cause=\"connect\"}";
        house.find_metric(failures).is_some_and(|count| count > 0)
    });
    reload(&house, |config| {
        config.upstream[0].targets = to(&own).targets;
    });
    assert_eq!(client.response().text(), "own");
}

#[test]
fn upstreams_and_limits_that_are_gone_are_no_longer_shown() {
    let own = Backend::saying("own");
    let house = House::with(|plan| {
        let mut upstream = app(&["http://127.0.0.1:1".to_owned(), own.url()]);
        upstream.wait = Span::from_secs(0);
        everything_to(upstream)(plan);
        plan.config.limits = vec![KeyedLimitConfig {
            name: "old".to_owned(),
            rate: Some("100r/s".parse().unwrap()),
            ..KeyedLimitConfig::default()
        }];
    });
    for _ in 0..2 {
        house.plain().exchange(GET);
    }
    let shown = |name: &str| house.metrics().contains(&format!("=\"{name}\""));
    let failures = "edge_upstream_failures_total{upstream=\"app\",cause=\"connect\"}";
    assert!(house.metric(failures) > 0 && shown("old"));
    reload(&house, |config| {
        config.upstream[0] = to(&own);
        config.upstream[0].name = "new".to_owned();
        config.site[0].upstream = Some("new".to_owned());
        config.limits.clear();
    });
    house.plain().exchange(GET);
    assert!(shown("new"));
    for gone in ["app", "old"] {
        assert!(!shown(gone), "{gone}: {}", house.metrics());
    }
}

/// Asks over one connection, or over a new one each time.
fn ask(house: &House, is_new: bool, is_over: &AtomicBool, answers: &AtomicUsize) {
    let mut client = house.plain();
    while !is_over.load(SeqCst) {
        if is_new {
            client = house.tls();
        }
        let answer = client.exchange(GET);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answers.fetch_add(1, SeqCst);
    }
}

#[test]
fn reloads_under_load_lose_no_request() {
    let backends = [Backend::saying("a"), Backend::saying("b")];
    let house = House::with(|plan| {
        everything_to(to(&backends[0]))(plan);
        plan.threads = 2;
    });
    let (is_over, answers) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for number in 0..4 {
            let (house, is_over, answers) = (&house, &is_over, &answers);
            scope.spawn(move || ask(house, number == 0, is_over, answers));
        }
        for round in 0..200_usize {
            reload(&house, |config| {
                config.upstream[0] = to(&backends[round % 2]);
                config.upstream[0].name = format!("app{}", round % 3);
                config.site = vec![site("*", &format!("app{}", round % 3))];
                config.limit.burst = u32::try_from(round).unwrap();
            });
            let before = answers.load(SeqCst);
            eventually("more answers", || answers.load(SeqCst) > before + 4);
        }
        is_over.store(true, SeqCst);
    });
}

/// By how much memory may grow with a thousand reloads, which do not always meet the same state of the heap.
const MOST_GROWTH_KIB: u64 = 512;

#[test]
fn a_thousand_reloads_leave_memory_and_open_files_where_they_were() {
    let own = Backend::saying("own");
    let house = House::with(|plan| {
        let mut upstream = to(&own);
        upstream.check = Some(edge::config::CheckConfig::default());
        everything_to(upstream)(plan);
        plan.config.limit.rate = "1000r/s".parse().unwrap();
    });
    let mut client = house.plain();
    let mut round = |number: u32| {
        reload(&house, |config| {
            config.upstream[0].name = format!("app{number}");
            config.site[0].upstream = Some(format!("app{number}"));
            config.limit.burst = 100 + number % 2;
        });
        assert_eq!(client.exchange(GET).text(), "own");
    };
    // The server behind keeps its own end of each connection until it is told.
    let files = || {
        own.close_connections();
        open_files()
    };
    let mut thousand = |first: u32| {
        for number in first..first + 1000 {
            round(number);
            if number % 10 == 0 {
                own.close_connections();
            }
        }
        eventually("an end of all connections but one", || files() < 100);
        resident_kib()
    };
    // The first thousands find out how much room there has to be: queues grow up to their bounds, and the heap is torn.
    // What leaks goes on growing.
    let mut before = thousand(0);
    let lines = house.metrics().lines().count();
    let is_steady = (1..12).any(|number| {
        let after = thousand(number * 1000);
        let growth = after.saturating_sub(before);
        before = after;
        growth < MOST_GROWTH_KIB
    });
    assert!(is_steady, "{before} KiB, and growing");
    assert_eq!(house.metrics().lines().count(), lines);
}

/// What this process, which is the test's own, holds besides the pages of its binary.
fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    line.unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap()
}

fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}
