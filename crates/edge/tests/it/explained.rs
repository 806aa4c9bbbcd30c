//! What is told of a refusal: little to visitors, everything to the log, the metrics and those who look after the
//! server.

use edge::config::{Language, SiteConfig};
use ipnet::IpNet;
use testkit::Backend;

use crate::house::{House, Plan};
use crate::proxy::{GET, app, everything_to};

fn loopback() -> Vec<IpNet> {
    vec!["127.0.0.0/8".parse().unwrap()]
}

/// The URL of a server that has gone.
fn dead() -> String {
    Backend::saying("x").url()
}

#[test]
fn the_log_the_metrics_and_whoever_looks_after_the_server_are_told_who_was_tried() {
    let targets = [dead(), dead()];
    let house = House::with(|plan| {
        everything_to(app(&targets))(plan);
        plan.config.explain_to = loopback();
    });
    let answer = house.plain().exchange(GET);
    assert_eq!(answer.status, 502);
    let why = answer.header("x-pendopo-why").unwrap();
    let [first, second] = targets.map(|url| url.replace("http://", "app/"));
    let either = [(&first, &second), (&second, &first)].map(|(first, last)| {
        format!(
            "connect; site=\"*/\"; upstream=\"{last}\"; failed=\"{first} connect, {last} connect\"; attempts=2"
        )
    });
    assert!(either.iter().any(|one| one == why), "{why}");
    let record = &house.records(1)[0];
    assert_eq!(
        (&record["cause"], &record["attempts"]),
        (&"connect".into(), &2.into())
    );
    let upstream = record["upstream"].as_str().unwrap();
    assert!([&*first, &*second].contains(&upstream), "{upstream}");
    assert_eq!(house.metric("edge_refused_total{cause=\"connect\"}"), 1);
    let failures = "edge_upstream_failures_total{upstream=\"app\",cause=\"connect\"}";
    assert!(house.metric(failures) >= 2);
}

#[test]
fn nobody_else_is_told() {
    let refused = |change: &dyn Fn(&mut Plan), forwarded: &str| {
        let house = House::with(|plan| {
            everything_to(app(&[dead()]))(plan);
            change(plan);
        });
        let request = format!("GET / HTTP/1.1\r\nhost: a\r\n{forwarded}\r\n");
        let answer = house.plain().exchange(request);
        assert_eq!(answer.status, 502);
        assert!(!answer.text().contains("127.0.0.1"), "{}", answer.text());
        answer.header("x-pendopo-why").map(str::to_owned)
    };
    assert_eq!(refused(&|_| {}, ""), None);
    let elsewhere = |plan: &mut Plan| {
        plan.config.explain_to = vec!["192.0.2.7/32".parse().unwrap()];
    };
    assert_eq!(refused(&elsewhere, ""), None);
    assert_eq!(refused(&elsewhere, "x-forwarded-for: 192.0.2.7\r\n"), None);
    let behind = |plan: &mut Plan| {
        plan.config.explain_to = loopback();
        plan.config.trusted_proxies = loopback();
    };
    assert_eq!(refused(&behind, "x-forwarded-for: 198.51.100.1\r\n"), None);
    let told = |plan: &mut Plan| {
        elsewhere(plan);
        plan.config.trusted_proxies = loopback();
    };
    assert!(refused(&told, "x-forwarded-for: 192.0.2.7\r\n").is_some());
}

#[test]
fn every_kind_of_refusal_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_owned();
    let house = House::with(|plan| {
        plan.config.explain_to = loopback();
        plan.config.site = vec![SiteConfig {
            path: "/files".to_owned(),
            root: Some(root),
            ..SiteConfig::default()
        }];
    });
    for (target, host, expected) in [
        (
            "/files/a",
            "a",
            "no_file; site=\"*/files\"; upstream=\"folder\"",
        ),
        ("/", "a", "no_site"),
        ("/", "a/b", "bad_request:host"),
    ] {
        let request = format!("GET {target} HTTP/1.1\r\nhost: {host}\r\n\r\n");
        let answer = house.plain().exchange(request);
        assert_eq!(
            answer.header("x-pendopo-why"),
            Some(expected),
            "{target} {host}"
        );
    }
}

#[test]
fn a_limit_is_named() {
    let house = House::with(|plan| {
        plan.config.explain_to = loopback();
        plan.config.limit.rate = "1r/m".parse().unwrap();
        plan.config.limit.burst = 0;
    });
    let mut client = house.plain();
    assert_eq!(client.exchange(GET).status, 200);
    let limited = client.exchange(GET);
    let why = limited.header("x-pendopo-why");
    assert_eq!(
        (limited.status, why),
        (429, Some("limit; limit=\"rejected:address\""))
    );
}

#[test]
fn a_visitor_who_names_no_language_reads_that_of_the_configuration() {
    let page = |language: Language, accepted: &str| {
        let house = House::with(|plan| plan.config.language = language);
        let request = format!("GET / HTTP/1.1\r\nhost: a/b\r\naccept: text/html\r\n{accepted}\r\n");
        let answer = house.plain().exchange(request);
        assert!(
            answer
                .text()
                .contains(answer.header("x-request-id").unwrap())
        );
        answer.text().lines().nth(1).unwrap().to_owned()
    };
    let (indonesian, english) = ("<html lang=\"id\">", "<html lang=\"en\">");
    assert_eq!(page(Language::Indonesian, ""), indonesian);
    assert_eq!(page(Language::English, ""), english);
    assert_eq!(
        page(Language::English, "accept-language: id\r\n"),
        indonesian
    );
    assert_eq!(page(Language::English, "accept-language: de\r\n"), english);
}
