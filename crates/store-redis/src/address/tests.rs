//! Addresses that are good, and what is said of others.

use super::*;

fn read(text: &str) -> Address {
    text.parse().unwrap()
}

fn check(text: &str, kind: &Kind, hosts: &[(&str, u16)], database: i64) {
    let address = read(text);
    let found: Vec<_> = address
        .hosts
        .iter()
        .map(|(host, port)| (host.as_str(), *port))
        .collect();
    assert_eq!(
        (&address.kind, found.as_slice(), address.database),
        (kind, hosts, database),
        "{text}"
    );
    assert_eq!(address.to_string(), text);
}

#[test]
fn an_address_names_one_server_sentinels_or_a_cluster() {
    let school = Kind::Sentinel("sekolah".to_owned());
    check("redis://cache", &Kind::One, &[("cache", 6379)], 0);
    check("rediss://cache:7000/3", &Kind::One, &[("cache", 7000)], 3);
    check("redis://[::1]:7/", &Kind::One, &[("::1", 7)], 0);
    check("redis://[::1]", &Kind::One, &[("::1", 6379)], 0);
    check(
        "redis-sentinel://a,b:2/sekolah/1",
        &school,
        &[("a", 26379), ("b", 2)],
        1,
    );
    check(
        "rediss-cluster://a:1,b:2",
        &Kind::Cluster,
        &[("a", 1), ("b", 2)],
        0,
    );
}

#[test]
fn a_user_and_files_for_tls_are_read() {
    let address = read("rediss://ani@cache?ca_file=/ca&cert_file=/crt&key_file=/key");
    assert_eq!(address.user.as_deref(), Some("ani"));
    assert_eq!(address.files().count(), 3);
    let tls = address.tls.unwrap();
    assert_eq!(tls.authorities, Some(PathBuf::from("/ca")));
    assert_eq!(
        tls.own,
        Some((PathBuf::from("/crt"), PathBuf::from("/key")))
    );
    assert_eq!(read("rediss://cache").tls, Some(Tls::default()));
    assert_eq!(read("redis://cache").tls, None);
}

fn refuse(text: &str, expected: &str) {
    let told = text.parse::<Address>().unwrap_err();
    assert!(told.contains(expected), "{text}: {told}");
    assert!(!told.contains("secret"), "{told}");
}

#[test]
fn what_is_wrong_with_an_address_is_named() {
    refuse("memcached://cache", "no address");
    refuse("redis+tls://cache", "no address");
    refuse("memcached://a:secret@cache", "no address");
    refuse("redis://a:secret@cache", "_password_file");
    refuse("redis://:secret@cache", "_password_file");
    refuse("redis://cache?password=secret", "_password_file");
    refuse("redis://", "no host");
    refuse("redis://cache:many", "no host");
    refuse("redis://cache/first", "no number");
    refuse("redis://a,b", "several servers");
    refuse("redis-sentinel://a", "no service");
    refuse("redis-cluster://a/1", "one database");
    refuse("redis://cache?ca_file=/ca", "`rediss`");
    refuse("rediss://cache?cert_file=/crt", "go together");
    refuse("rediss://cache?colour=red", "`colour=red`");
}

#[test]
fn only_what_goes_far_in_the_open_is_exposed() {
    assert!(read("redis://cache").is_exposed());
    assert!(read("redis-sentinel://localhost,far/s").is_exposed());
    assert!(!read("redis://127.0.0.1").is_exposed());
    assert!(!read("redis://localhost").is_exposed());
    assert!(!read("rediss://cache").is_exposed());
}
