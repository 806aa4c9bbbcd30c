//! The HTTPS listener as Debian's `testssl.sh` (3.0.8) and `sslscan` (2.0.7) see it. Neither gives an overall grade:
//! each of their lines is held.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use testkit::Authority;

use crate::house::House;

/// What no finding may be graded.
const BAD: [&str; 6] = ["LOW", "MEDIUM", "HIGH", "CRITICAL", "WARN", "FATAL"];

/// Protocols and kinds of cipher, as `testssl.sh` tells of them.
const OFFERS: [(&str, &str); 16] = [
    ("SSLv2", "not offered"),
    ("SSLv3", "not offered"),
    ("TLS1", "not offered"),
    ("TLS1_1", "not offered"),
    ("TLS1_2", "offered"),
    ("TLS1_3", "offered with final"),
    ("ALPN_HTTP2", "h2"),
    ("ALPN", "http/1.1"),
    ("cipherlist_NULL", "not offered"),
    ("cipherlist_aNULL", "not offered"),
    ("cipherlist_EXPORT", "not offered"),
    ("cipherlist_LOW", "not offered"),
    ("cipherlist_3DES_IDEA", "not offered"),
    ("cipherlist_AVERAGE", "not offered"),
    ("cipherlist_STRONG", "offered"),
    ("PFS", "offered"),
];

/// Vulnerabilities, each of which must be graded `OK`.
const HOLES: [&str; 17] = [
    "heartbleed",
    "CCS",
    "ticketbleed",
    "ROBOT",
    "secure_renego",
    "secure_client_renego",
    "CRIME_TLS",
    "BREACH",
    "POODLE_SSL",
    "fallback_SCSV",
    "SWEET32",
    "FREAK",
    "DROWN",
    "LOGJAM",
    "BEAST",
    "LUCKY13",
    "RC4",
];

/// A program's whole standard output.
fn output(name: &str, package: &str, words: &[&str]) -> String {
    let path = Path::new("/usr/bin").join(name);
    assert!(
        path.exists(),
        "{} is missing: run `cargo xtask test`, or install the Debian package `{package}`",
        path.display()
    );
    let run = Command::new(path).args(words).stdin(Stdio::null()).output();
    String::from_utf8(run.unwrap().stdout).unwrap()
}

/// An edge with a certificate of the operator's own, which scanners know as little as any other.
fn open() -> (House, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let (certificate, key) =
        Authority::default().issue(directory.path(), &["localhost", "127.0.0.1"]);
    let house = House::with(|plan| {
        (plan.config.tls.certificate, plan.config.tls.key) = (Some(certificate), Some(key));
    });
    (house, directory)
}

#[test]
fn testssl_finds_two_versions_strong_ciphers_and_no_hole() {
    let (house, directory) = open();
    let (address, file) = (
        house.address("https").to_string(),
        directory.path().join("found.json"),
    );
    let checks = ["-p", "-s", "-f", "-U"];
    let quiet = [
        "--quiet",
        "--color",
        "0",
        "--nodns",
        "none",
        "--warnings",
        "off",
    ];
    let to_file = ["--jsonfile", file.to_str().unwrap(), &address];
    let told = output(
        "testssl",
        "testssl.sh",
        &[&quiet[..], &checks, &to_file].concat(),
    );
    let found: Vec<Value> = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let line = |id: &str| {
        let line = found.iter().find(|line| line["id"] == id);
        let text = |name: &str| line.and_then(|line| line[name].as_str());
        let both = text("severity").zip(text("finding"));
        both.unwrap_or_else(|| panic!("no line `{id}`: {told}"))
    };
    for (id, expected) in OFFERS {
        assert_eq!(line(id).1, expected, "{id}");
    }
    for id in HOLES {
        assert_eq!(line(id).0, "OK", "{id}: {}", line(id).1);
    }
    let bad = |line: &&Value| {
        line["severity"]
            .as_str()
            .is_none_or(|grade| BAD.contains(&grade))
    };
    let bad: Vec<&Value> = found.iter().filter(bad).collect();
    assert!(bad.is_empty(), "{bad:?}");
    let ciphers = line("PFS_ciphers").1.split_whitespace();
    let ciphers: Vec<&str> = ciphers.collect();
    assert_eq!(ciphers.len(), 6, "{ciphers:?}");
    let is_aead = |cipher: &&&str| cipher.contains("GCM") || cipher.contains("CHACHA20");
    assert_eq!(ciphers.iter().filter(is_aead).count(), 6, "{ciphers:?}");
}

#[test]
fn sslscan_finds_the_same() {
    let (house, _directory) = open();
    let address = house.address("https").to_string();
    let told = output("sslscan", "sslscan", &["--no-colour", &address]);
    for (version, state) in [
        ("SSLv2", "disabled"),
        ("SSLv3", "disabled"),
        ("TLSv1.0", "disabled"),
        ("TLSv1.1", "disabled"),
        ("TLSv1.2", "enabled"),
        ("TLSv1.3", "enabled"),
    ] {
        let line = told.lines().find(|line| line.starts_with(version));
        let words: Vec<_> = line.unwrap_or(&told).split_whitespace().collect();
        assert_eq!(words, [version, state]);
    }
    for expected in [
        "Session renegotiation not supported",
        "TLSv1.3 not vulnerable to heartbleed",
        "TLSv1.2 not vulnerable to heartbleed",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    let ciphers = told.lines().filter(|line| {
        let mut words = line.split_whitespace();
        matches!(words.next(), Some("Preferred" | "Accepted"))
    });
    let mut count = 0;
    for line in ciphers {
        let cipher = line.split_whitespace().nth(4).unwrap();
        let is_aead = cipher.contains("GCM") || cipher.contains("CHACHA20");
        let has_secrecy = cipher.starts_with("TLS_") || cipher.starts_with("ECDHE-");
        assert!(is_aead && has_secrecy, "{line}");
        count += 1;
    }
    assert_eq!(count, 6, "{told}");
}
