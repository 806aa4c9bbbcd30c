//! Several limits, each with a key of its own.

use edge::config::{KeyedLimitConfig, LimitKey, LimitStatus, SiteConfig};
use testkit::raw::Raw;

use crate::house::{House, Plan};

/// A limit that takes so many requests at once and one more a minute.
fn limit(name: &str, key: &str, at_once: u32) -> KeyedLimitConfig {
    KeyedLimitConfig {
        name: name.to_owned(),
        key: key.parse().unwrap(),
        rate: Some("1r/m".parse().unwrap()),
        burst: at_once - 1,
        nodelay: true,
        ..KeyedLimitConfig::default()
    }
}

fn site(host: &str, path: &str, limits: Option<&[&str]>) -> SiteConfig {
    SiteConfig {
        host: host.to_owned(),
        path: path.to_owned(),
        upstream: Some("web".to_owned()),
        limits: limits.map(|names| names.iter().map(|&name| name.to_owned()).collect()),
        root: None,
    }
}

fn ask(client: &mut Raw, host: &str, path: &str) -> u16 {
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n");
    client.exchange(request).status
}

fn ask_with(client: &mut Raw, header: &str) -> u16 {
    let request = format!("GET / HTTP/1.1\r\nhost: a\r\n{header}\r\n");
    client.exchange(request).status
}

#[test]
fn a_header_limits_each_of_its_values_apart_and_nobody_without_it() {
    let house = House::with(|plan| plan.config.limits = vec![limit("key", "header:X-Api-Key", 2)]);
    let mut client = house.plain();
    for (header, status) in [
        ("x-api-key: one\r\n", 200),
        ("X-API-Key: one\r\n", 200),
        ("x-api-key: one\r\n", 429),
        ("x-api-key: two\r\n", 200),
        ("x-api-key: one\r\nx-api-key: two\r\n", 200),
        ("x-api-key: one\r\n", 429),
    ] {
        assert_eq!(ask_with(&mut client, header), status, "{header}");
    }
    for _ in 0..10 {
        assert_eq!(ask_with(&mut client, ""), 200);
    }
}

#[test]
fn a_site_limits_all_its_visitors_together() {
    let house = House::with(|plan| {
        plan.config.limits = vec![limit("load", "site", 2)];
        plan.config.site = vec![
            site("one.example", "/", None),
            site("two.example", "/", None),
        ];
        plan.config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    });
    let mut client = house.plain();
    for (host, from, status) in [
        ("one.example", 1, 200),
        ("one.example", 2, 200),
        ("one.example", 3, 429),
        ("two.example", 3, 200),
        ("two.example", 1, 200),
        ("two.example", 2, 429),
        ("three.example", 1, 404),
        ("three.example", 1, 404),
        ("three.example", 1, 429),
    ] {
        let request =
            format!("GET / HTTP/1.1\r\nhost: {host}\r\nx-forwarded-for: 192.0.2.{from}\r\n\r\n");
        assert_eq!(
            client.exchange(request).status,
            status,
            "{host} from {from}"
        );
    }
}

#[test]
fn a_site_chooses_its_limits() {
    let house = House::with(|plan| {
        let login = KeyedLimitConfig {
            everywhere: false,
            ..limit("login", "address", 1)
        };
        plan.config.limits = vec![login, limit("other", "address", 3)];
        plan.config.site = vec![
            site("*", "/", None),
            site("*", "/login", Some(&["login"])),
            site("*", "/free", Some(&[])),
        ];
    });
    let mut client = house.plain();
    assert_eq!(ask(&mut client, "a", "/login"), 200);
    assert_eq!(ask(&mut client, "a", "/login/x"), 429);
    for _ in 0..3 {
        assert_eq!(ask(&mut client, "a", "/page"), 200);
    }
    assert_eq!(ask(&mut client, "a", "/page"), 429);
    for _ in 0..9 {
        assert_eq!(ask(&mut client, "a", "/free"), 200);
    }
    let causes: Vec<_> = house.records(15)[..6]
        .iter()
        .filter_map(|record| record["limit"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(causes, ["rejected:login", "rejected:other"]);
}

#[test]
fn a_request_that_one_limit_refuses_is_counted_by_none() {
    let house = House::with(|plan| {
        plan.config.limits = vec![limit("wide", "address", 2), limit("narrow", "header:k", 1)];
    });
    let mut client = house.plain();
    assert_eq!(ask_with(&mut client, "k: 1\r\n"), 200);
    for _ in 0..5 {
        assert_eq!(ask_with(&mut client, "k: 1\r\n"), 429);
    }
    assert_eq!(ask_with(&mut client, "k: 2\r\n"), 200);
    assert_eq!(ask_with(&mut client, "k: 3\r\n"), 429);
    let limited = |limit| {
        house.metric(&format!(
            "edge_limited_total{{limit=\"{limit}\",outcome=\"rejected\"}}"
        ))
    };
    assert_eq!((limited("narrow"), limited("wide")), (5, 1));
}

#[test]
fn a_limit_in_a_dry_run_refuses_nobody_and_says_whom_it_would() {
    let house = House::with(|plan| {
        let tried = KeyedLimitConfig {
            dry_run: true,
            ..limit("tried", "address", 2)
        };
        let paced = KeyedLimitConfig {
            dry_run: true,
            nodelay: false,
            ..limit("paced", "header:paced", 2)
        };
        plan.config.limits = vec![tried, paced];
    });
    let mut client = house.plain();
    for header in ["paced: 1\r\n", "paced: 1\r\n", "", ""] {
        assert_eq!(ask_with(&mut client, header), 200);
    }
    let records = house.records(4);
    let said: Vec<_> = records
        .iter()
        .map(|record| record["limit"].as_str())
        .collect();
    let refused = Some("rejected_dry_run:tried");
    assert_eq!(
        said,
        [None, Some("delayed_dry_run:paced"), refused, refused]
    );
    assert!(records.iter().all(|record| record.get("cause").is_none()));
    let wait = records[1]["limit_ms"].as_u64().unwrap();
    assert!((1..=62_500).contains(&wait), "{wait}");
    for (limit, outcome, count) in [
        ("tried", "rejected_dry_run", 2),
        ("paced", "delayed_dry_run", 1),
        ("tried", "rejected", 0),
    ] {
        let name = format!("edge_limited_total{{limit=\"{limit}\",outcome=\"{outcome}\"}}");
        assert_eq!(house.metric(&name), count, "{name}");
    }
}

#[test]
fn refusals_have_the_status_of_nginx_where_it_is_asked_for() {
    let house = House::with(|plan| {
        plan.config.limits = vec![KeyedLimitConfig {
            status: LimitStatus::ServiceUnavailable,
            ..limit("calm", "address", 1)
        }];
    });
    let mut client = house.plain();
    assert_eq!(ask(&mut client, "a", "/"), 200);
    let refused = client.exchange("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(refused.status, 503);
    let seconds: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    // nginx counts 1r/m as 16 thousandths of a request a second.
    assert!((55..=63).contains(&seconds), "{seconds}");
    assert_eq!(
        refused.header("ratelimit-policy"),
        Some("\"calm\";q=1;w=62")
    );
    assert_eq!(refused.header("connection"), None);
    let record = &house.records(2)[1];
    assert_eq!(
        (&record["cause"], &record["limit"]),
        (&"limit".into(), &"rejected:calm".into())
    );
}

#[test]
fn limits_that_contradict_are_refused_with_the_mend() {
    let refused = |change: &dyn Fn(&mut Plan)| {
        let house = House::within(tempfile::tempdir().unwrap(), |plan| change(plan));
        house.err().expect("a fault").to_string()
    };
    let of = |limits: Vec<KeyedLimitConfig>| {
        refused(&|plan: &mut Plan| plan.config.limits.clone_from(&limits))
    };
    let twice = of(vec![limit("a", "site", 1), limit("a", "site", 1)]);
    assert!(
        twice.contains("`edge.limits[1].name`: there is another limit `a`"),
        "{twice}"
    );
    assert!(of(vec![limit("address", "site", 1)]).contains("another limit `address`"));
    assert!(of(vec![limit("a b", "site", 1)]).contains("`a b` is no name"));
    let rateless = KeyedLimitConfig {
        rate: None,
        ..limit("a", "site", 1)
    };
    assert!(of(vec![rateless]).contains("`edge.limits[0].rate`: is missing"));
    let large = KeyedLimitConfig {
        burst: 1_000_001,
        ..limit("a", "site", 1)
    };
    assert!(of(vec![large]).contains("1000001 is too large"));
    let many = (0..16)
        .map(|number| limit(&number.to_string(), "site", 1))
        .collect();
    assert!(of(many).contains("more than 15"));
    let unknown = refused(&|plan| plan.config.site = vec![site("*", "/", Some(&["a"]))]);
    assert!(
        unknown.contains("`edge.site[0].limits`: there is no limit `a`"),
        "{unknown}"
    );
    let twice =
        refused(&|plan| plan.config.site = vec![site("*", "/", Some(&["address", "address"]))]);
    assert!(twice.contains("`address` stands there twice"), "{twice}");
    for key in ["", "header:", "header:a b", "cookie"] {
        assert!(key.parse::<LimitKey>().is_err(), "{key}");
    }
}
