//! The matcher against cases, and against the plainest reading of its rule.

use proptest::prelude::*;

use super::*;

fn sites(rules: &[(&str, &str)]) -> Sites<usize> {
    let mut sites = Sites::default();
    for (index, (host, path)) in rules.iter().enumerate() {
        sites.add(host.parse().unwrap(), path, index);
    }
    sites
}

#[test]
fn the_longest_host_wins_and_then_the_longest_path() {
    let rules = [
        ("*", "/"),
        ("*.example", "/"),
        ("shop.example", "/"),
        ("shop.example", "/api"),
        ("*.shop.example", "/"),
        ("*.example", "/deep/er"),
        ("[::1]", "/"),
    ];
    let sites = sites(&rules);
    for (host, path, expected) in [
        ("elsewhere", "/", 0),
        ("a.example", "/", 1),
        ("example", "/", 0),
        ("shop.example", "/", 2),
        ("SHOP.Example:8443", "/x", 2),
        ("shop.example.", "/x", 2),
        ("shop.example", "/api", 3),
        ("shop.example", "/api/users", 3),
        ("shop.example", "/apis", 2),
        ("a.b.shop.example", "/api", 4),
        ("a.example", "/deep/er/still", 5),
        ("[::1]:80", "/", 6),
        ("", "/", 0),
    ] {
        assert_eq!(sites.find(host, path), Some(&expected), "{host}{path}");
    }
}

#[test]
fn a_path_that_no_rule_of_a_host_covers_is_looked_for_in_wider_ones() {
    let sites = sites(&[("a.example", "/api/"), ("*.example", "/www")]);
    assert_eq!(sites.find("a.example", "/api/1"), Some(&0));
    assert_eq!(sites.find("a.example", "/www"), Some(&1));
    assert_eq!(sites.find("a.example", "/"), None);
    assert_eq!(sites.find("b", "/www"), None);
}

#[test]
fn a_host_pattern_is_a_name_or_what_stands_below_one() {
    for text in [
        "*",
        "a",
        "A.example",
        "*.example",
        "127.0.0.1",
        "[::1]",
        "my_app",
    ] {
        assert!(text.parse::<HostPattern>().is_ok(), "{text}");
    }
    for text in [
        "",
        "a:80",
        "*a.example",
        "*.",
        "a..b",
        "a/b",
        "**",
        "[::1",
        "a*",
        "http://a",
    ] {
        assert!(text.parse::<HostPattern>().is_err(), "{text}");
    }
}

#[test]
fn a_plain_path_has_no_second_reading() {
    for path in ["/", "/a", "/a/", "/a/b.c"] {
        assert!(is_plain_path(path), "{path}");
    }
    for path in [
        "", "a", "//", "/a//b", "/./a", "/a/..", "/%61", "/a?b", "/a b", "/ä", "/a//",
    ] {
        assert!(!is_plain_path(path), "{path}");
    }
}

proptest! {
    #[test]
    fn the_rule_found_is_the_best_of_those_that_fit(
        rules in prop::collection::vec(("(\\*|(\\*\\.)?[ab](\\.[ab]){0,2})", "(/[ab]{1,2}){0,3}/?"), 0..8),
        host in "[ab](\\.[ab]){0,3}",
        path in "(/[ab]{1,2}){1,4}",
    ) {
        let rules: Vec<_> = rules.iter().map(|(host, path)| (host.as_str(), if path.is_empty() { "/" } else { path })).collect();
        let fits = |(rule_host, rule_path): &(&str, &str)| {
            let below = rule_host.strip_prefix('*').unwrap_or("#");
            let prefix = rule_path.trim_end_matches('/');
            (*rule_host == host || *rule_host == "*" || host.ends_with(below) && below.len() > 1)
                && (path == prefix || path.starts_with(&format!("{prefix}/")))
        };
        let rank = |(rule_host, rule_path): &(&str, &str)| {
            (!rule_host.starts_with('*'), rule_host.len(), rule_path.trim_end_matches('/').len())
        };
        let best = rules.iter().filter(|rule| fits(rule)).map(rank).max();
        let found = sites(&rules).find(&host, &path).map(|index| rank(&rules[*index]));
        prop_assert_eq!(found, best);
    }
}
