//! Settings from every source: which wins, what is refused, and how it is explained.

use std::fs;

use secrecy::ExposeSecret;

use super::known::Known;
use super::merge::load_with;
use super::*;
use crate::cli::Global;

fn set(pairs: &[&str]) -> Global {
    Global {
        set: pairs.iter().map(|pair| (*pair).to_owned()).collect(),
        ..Global::default()
    }
}

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

fn loaded(pairs: &[&str]) -> Loaded {
    load_with(&set(pairs), &[], &[]).unwrap()
}

fn refused(pairs: &[&str]) -> String {
    load_with(&set(pairs), &[], &[]).unwrap_err().to_string()
}

/// A configuration file and the options that name it.
fn file(text: &str) -> (tempfile::TempDir, Global) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pendopo.toml");
    fs::write(&path, text).unwrap();
    let global = Global {
        config: Some(path),
        ..Global::default()
    };
    (directory, global)
}

#[test]
fn later_sources_win_and_each_value_keeps_its_origin() {
    let text = "language = \"en\"\n\n[edge]\nhttp = \"127.0.0.1:1\"\nhttps = \"127.0.0.1:2\"\nhsts = \"1d\"\n";
    let (_directory, mut global) = file(text);
    global.set = vec!["edge.hsts=3d".to_owned()];
    let environment = variables(&[
        ("PENDOPO_EDGE__HTTPS", "127.0.0.1:3"),
        ("PENDOPO_EDGE__HSTS", "2d"),
    ]);
    let loaded = load_with(&global, &[], &environment).unwrap();
    let check = |key: &str, value: &str, origin: &str| {
        let row = loaded
            .rows()
            .into_iter()
            .find(|row| row.key == key)
            .unwrap();
        assert_eq!(row.value, value, "{key}");
        assert!(row.origin.to_string().ends_with(origin), "{}", row.origin);
    };
    check("language", "\"en\"", "pendopo.toml:1");
    check("edge.http", "\"127.0.0.1:1\"", "pendopo.toml:4");
    check(
        "edge.https",
        "\"127.0.0.1:3\"",
        "environment PENDOPO_EDGE__HTTPS",
    );
    check("edge.hsts", "\"3d\"", "--set");
    check("edge.limit.burst", "40", "default");
}

#[test]
fn a_value_without_quotes_gets_the_type_of_its_key() {
    let check = |pair: &str, key: &str, value: &str| {
        let row = loaded(&[pair])
            .rows()
            .into_iter()
            .find(|row| row.key == key)
            .unwrap();
        assert_eq!(row.value, value, "{pair}");
    };
    check("edge.limit.burst=7", "edge.limit.burst", "7");
    check("edge.limit.nodelay=true", "edge.limit.nodelay", "true");
    check("edge.http=off", "edge.http", "\"off\"");
    check("edge.http=\"off\"", "edge.http", "\"off\"");
    check("data=123", "data", "\"123\"");
    check(
        "edge.trusted_proxies=10.0.0.0/8, 192.0.2.1/32",
        "edge.trusted_proxies",
        "[\"10.0.0.0/8\", \"192.0.2.1/32\"]",
    );
    check("domains=[\"a.example\"]", "domains", "[\"a.example\"]");
    check(
        "web.limit.messages.burst=3",
        "web.limit.messages.burst",
        "3",
    );
}

#[test]
fn an_unknown_key_is_refused_with_its_place_and_the_nearest_one() {
    let (_directory, global) = file("[edge]\n\nhtpp = \"off\"\n[store]\nrecord = \"x\"\n");
    let error = load_with(&global, &[], &[]).unwrap_err().to_string();
    let (first, second) = error.split_once('\n').unwrap();
    assert!(
        first.starts_with("`edge.htpp` (")
            && first.ends_with("pendopo.toml:3): there is no such key: did you mean `edge.http`?"),
        "{first}"
    );
    assert!(
        second.ends_with("did you mean `store.records`?"),
        "{second}"
    );
    let check = |pair: &str, expected: &str| assert_eq!(refused(&[pair]), expected);
    check(
        "htps=off",
        "`htps` (--set): there is no such key: did you mean `edge.https`?",
    );
    check(
        "hsts=1d",
        "`hsts` (--set): there is no such key: did you mean `edge.hsts`?",
    );
    check(
        "qqqq=3",
        "`qqqq` (--set): there is no such key: `pendopo check` lists all of them",
    );
    check(
        "edge.limit=3",
        "`edge.limit` (--set): is a section, not a key: set what is in it, such as `edge.limit.addresses`",
    );
}

#[test]
fn a_key_that_nothing_would_heed_is_refused_with_what_works() {
    let text = "[monitor]\nx = 1\n";
    let (_directory, global) = file(text);
    let error = load_with(&global, &[], &[]).unwrap_err().to_string();
    assert!(error.contains("`monitor.x`"), "{error}");
    assert!(error.contains("leave it out"), "{error}");
    let check = |pair: &str, works: &str| {
        let error = refused(&[pair]);
        assert!(error.contains(works), "{error}");
    };
    check("store.records=mysql://db/x", "`sqlite:` and a path");
    let told = refused(&["store.records=mysql://p:rahasia@db/x"]);
    assert!(
        told.contains("`mysql`") && !told.contains("rahasia"),
        "{told}"
    );
    check("store.messages=mysql://db", "what works is `records`");
    check("store.sessions=mongodb://db", "what works is `records`");
    check("store.audit=redis://cache", "what works is `records`");
    let told = refused(&["store.audit=mongodb://p:rahasia@db"]);
    assert!(
        told.contains("`_password_file`") && !told.contains("rahasia"),
        "{told}"
    );
    let told = refused(&["store.sessions=redis://:rahasia@cache"]);
    assert!(
        told.contains("`_password_file`") && !told.contains("rahasia"),
        "{told}"
    );
    check("store.bans=memory", "what works is `records`");
    check("store.cache=records", "what works is `memory`");
    check("store.limits=redis://one,two", "several servers");
    check("store.messages_kept=0", "store.messages_kept");
    check(
        "store.records_read=sqlite:data/copy.db",
        "write `postgres://user@host/database`",
    );
    check(
        "store.records_read=postgres://replica/x",
        "only a PostgreSQL server in `store.records` has replicas",
    );
}

#[test]
fn a_password_of_a_store_is_read_when_it_is_needed_and_never_shown() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret");
    fs::write(&path, "kuda\n\n").unwrap();
    let pair = format!("store.records_password_file={}", path.display());
    let loaded = loaded(&[&pair, "store.records=postgres://p:laut@db/x"]);
    let password = &loaded.config.store.records_password;
    let said = || password.read().unwrap().unwrap().expose_secret().to_owned();
    assert_eq!(said(), "kuda\n");
    fs::write(&path, "menari\n").unwrap();
    assert_eq!(said(), "menari");
    let rows = loaded.rows();
    let shown = |key: &str| {
        rows.iter()
            .find(|row| row.key == key)
            .unwrap()
            .value
            .clone()
    };
    assert_eq!(shown("store.records_password"), "\"********\"");
    assert_eq!(shown("store.records"), "\"postgres://p:********@db/x\"");
    assert!(!written(&loaded.config).contains("laut"));
    assert!(!format!("{loaded:?}").contains("laut"));
    assert!(refused(&["store.records_password_file=missing"]).contains("can't read missing"));
    assert!(refused(&["store.records_password=kuda"]).contains("command line"));
}

#[test]
fn a_wrong_value_names_the_key_and_what_to_write() {
    let check = |pair: &str, expected: &str| {
        let error = refused(&[pair]);
        assert!(error.contains(expected), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    };
    check(
        "edge.http=8080",
        "`edge.http` (--set): `8080` is no address: write an address and a port",
    );
    check("edge.hsts=long", "write a number and a unit");
    check(
        "edge.acme.directory=http://ca.example/dir",
        "is no HTTPS address: write one such as `https://acme.example/directory`, or `off`",
    );
    check(
        "edge.limit.burst=many",
        "expected a whole number from 0 to 4294967295",
    );
    check("language=de", "expected `id` or `en`");
    check("log.level=loud", "`error`");
    check("edge.http", "has no value: write it as");
    let (_directory, global) = file("[edge]\nhttp = 8080\n");
    let replaced = variables(&[("PENDOPO_EDGE__HTTP", "off")]);
    let error = load_with(&global, &[], &replaced).unwrap_err().to_string();
    assert!(
        error.contains("pendopo.toml:2"),
        "a value that another one replaces is checked as well: {error}"
    );
    let (_directory, global) = file("language = \n");
    let error = load_with(&global, &[], &[]).unwrap_err().to_string();
    assert!(error.contains("pendopo.toml:1: "), "{error}");
}

#[test]
fn a_secret_may_stand_in_a_file_and_is_never_shown() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret");
    fs::write(&path, "kuda laut menari\n").unwrap();
    let pair = format!("admin.password_file={}", path.display());
    let by_file = loaded(&[&pair]);
    assert_eq!(
        by_file
            .config
            .admin
            .password
            .as_ref()
            .unwrap()
            .expose_secret(),
        "kuda laut menari"
    );
    let row = by_file
        .rows()
        .into_iter()
        .find(|row| row.key == "admin.password")
        .unwrap();
    assert_eq!(row.value, "\"********\"");
    assert!(
        row.origin.to_string().contains(&path.display().to_string()),
        "{}",
        row.origin
    );
    assert!(!format!("{by_file:?}").contains("menari"));
    let plain = variables(&[("PENDOPO_ADMIN__PASSWORD", "123456789012")]);
    let both = load_with(&set(&[&pair]), &[], &plain)
        .unwrap_err()
        .to_string();
    assert!(
        both.contains("keep one of the two") && !both.contains("1234"),
        "{both}"
    );
    assert!(refused(&["admin.password_file=missing"]).contains("can't read missing"));
    let digits = load_with(&Global::default(), &[], &plain).unwrap();
    assert_eq!(
        digits.config.admin.password.unwrap().expose_secret(),
        "123456789012"
    );
    let seen = refused(&["admin.password=kuda laut"]);
    assert!(
        seen.contains("can see the command line") && !seen.contains("kuda"),
        "{seen}"
    );
}

#[test]
fn contradictions_are_explained() {
    let check = |pairs: &[&str], expected: &str| {
        let error = refused(pairs);
        assert!(error.contains(expected), "{error}");
    };
    check(
        &["edge.http=127.0.0.1:8443"],
        "is the same address as `edge.http` (--set)",
    );
    check(
        &["admin.listen=0.0.0.0:8080"],
        "is the same address as `edge.http` (default)",
    );
    check(&["edge.http=off", "edge.https=off"], "nobody could come in");
    check(
        &["edge.tls.key=a.pem"],
        "needs `edge.tls.certificate` beside it",
    );
    check(&["domains=https://a.example"], "is no domain name");
    loaded(&[
        "edge.http=127.0.0.1:0",
        "edge.https=127.0.0.1:0",
        "admin.listen=127.0.0.1:0",
    ]);
}

#[test]
fn a_number_that_is_too_large_is_refused_with_the_largest_one() {
    let check = |pair: &str, expected: &str| {
        let error = refused(&[pair]);
        assert!(error.contains(expected), "{error}");
    };
    for section in ["edge.limit", "web.limit.messages", "web.limit.sign_in_all"] {
        check(
            &format!("{section}.burst=4294968"),
            &format!("`{section}.burst` (--set): 4294968 is too large: write at most 1000000"),
        );
        check(
            &format!("{section}.burst=4294967296"),
            "expected a whole number from 0 to 4294967295",
        );
        loaded(&[&format!("{section}.burst=1000000")]);
    }
    check(
        "edge.limit.addresses=16777217",
        "`edge.limit.addresses` (--set): 16777217 is too large: write at most 16777216",
    );
    check(
        "edge.acme.challenge_port=70000",
        "expected a whole number from 0 to 65535",
    );
    check("backup.keep.daily=-1", "expected a whole number from 0 to");
}

#[test]
fn some_defaults_follow_from_other_values() {
    let global = Global {
        data: Some("/srv/school".into()),
        ..Global::default()
    };
    let loaded = load_with(&global, &["sekolah.example".to_owned()], &[]).unwrap();
    assert_eq!(
        loaded.config.store.records.to_string(),
        "sqlite:/srv/school/pendopo.db"
    );
    assert_eq!(loaded.config.edge.http.to_string(), "0.0.0.0:80");
    assert_eq!(loaded.config.edge.https.to_string(), "0.0.0.0:443");
    assert_eq!(loaded.origin("domains").to_string(), "--domain");
    assert_eq!(
        loaded.origin("edge.http").to_string(),
        "follows from `domains`"
    );
    let own = load_with(
        &set(&["edge.https=0.0.0.0:8443"]),
        &["sekolah.example".to_owned()],
        &[],
    );
    assert_eq!(own.unwrap().config.edge.https.to_string(), "0.0.0.0:8443");
}

#[test]
fn variables_that_kubernetes_makes_for_a_service_of_our_name_are_left_alone() {
    let foreign = variables(&[
        ("PENDOPO_SERVICE_HOST", "10.0.0.1"),
        ("PENDOPO_SERVICE_PORT_HTTPS", "443"),
        ("PENDOPO_PORT", "tcp://10.0.0.1:443"),
        ("PENDOPO_PORT_443_TCP_ADDR", "10.0.0.1"),
    ]);
    load_with(&Global::default(), &[], &foreign).unwrap();
    let ours = variables(&[("PENDOPO_EDGE__HTPP", "off")]);
    let error = load_with(&Global::default(), &[], &ours)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("`edge.htpp` (environment PENDOPO_EDGE__HTPP)"),
        "{error}"
    );
}

#[test]
fn every_key_and_section_is_described_in_the_reference() {
    for (key, _) in Known::new().keys() {
        let doc = reference::doc(key);
        assert!(
            doc.is_some_and(|doc| doc.ends_with('.')),
            "`{key}` has no description"
        );
    }
}

#[test]
fn the_keys_of_each_list_of_tables_are_described_in_the_reference() {
    for key in ["edge.site", "edge.upstream"] {
        let entry = reference::entry(key);
        assert!(entry.len() > 2, "{key}");
        assert!(entry.iter().all(|(_, doc)| !doc.is_empty()), "{key}");
    }
    let upstream = reference::entry("edge.upstream");
    assert!(upstream.iter().any(|(name, _)| name == "check.rise"));
    assert_eq!(reference::entry("edge.http"), []);
}
