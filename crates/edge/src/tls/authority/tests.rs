//! When the local authority makes something anew, by a clock of the test's own.

use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::tls::{Certificates, Notice};

fn authority(directory: &TempDir, names: &[&str]) -> Authority {
    on_machine(directory, names, &[])
}

fn on_machine(directory: &TempDir, names: &[&str], machine: &[&str]) -> Authority {
    let collect = |texts: &[&str]| {
        let mut names = Names::default();
        for text in texts {
            names.add(text);
        }
        names
    };
    Authority::new(
        directory.path().join("tls"),
        collect(names),
        collect(machine),
        "one".to_owned(),
    )
}

#[test]
fn a_machine_that_changes_its_name_keeps_its_authority_and_a_new_domain_does_not() {
    let directory = tempfile::tempdir().unwrap();
    let first = on_machine(&directory, &["localhost"], &["kelas"])
        .certificates(days(0))
        .unwrap()
        .whole;
    assert!(first.names.cover("kelas"));
    let renamed = on_machine(&directory, &["localhost"], &["guru"])
        .certificates(days(1))
        .unwrap()
        .whole;
    assert_eq!(renamed.key.cert, first.key.cert);
    let back = on_machine(&directory, &["localhost"], &["kelas"])
        .certificates(days(350))
        .unwrap()
        .whole;
    assert!(back.names.cover("kelas") && back.authority == first.authority);
    let grown = on_machine(&directory, &["localhost", "baru.example"], &["guru"])
        .certificates(days(1))
        .unwrap()
        .whole;
    assert!(grown.names.cover("guru") && grown.names.cover("baru.example"));
    assert_ne!(grown.authority, first.authority);
}

fn days(count: u64) -> Timestamp {
    after("2026-11-20T12:00:00Z".parse().unwrap(), count)
}

#[test]
fn a_certificate_is_kept_until_a_month_before_its_end() {
    let directory = tempfile::tempdir().unwrap();
    let authority = authority(&directory, &["localhost", "127.0.0.1"]);
    let first = authority.certificates(days(0)).unwrap().whole;
    assert!(!first.is_real && first.names.cover("localhost") && first.names.cover("127.0.0.1"));
    let kept = authority.certificates(days(330)).unwrap().whole;
    assert_eq!(kept.key.cert, first.key.cert);
    let renewed = authority.certificates(days(340)).unwrap().whole;
    assert_ne!(renewed.key.cert, first.key.cert);
    assert_eq!(
        renewed.authority, first.authority,
        "the authority stays, and with it the trust in it"
    );
    assert!(renewed.said.not_after > first.said.not_after);
}

#[test]
fn an_authority_lasts_ten_years_and_no_certificate_outlives_it() {
    let directory = tempfile::tempdir().unwrap();
    let authority = authority(&directory, &["localhost"]);
    let first = authority.certificates(days(0)).unwrap().whole;
    let late = authority.certificates(days(9 * 365 - 20)).unwrap().whole;
    assert_eq!(late.authority, first.authority);
    let later = authority.certificates(days(9 * 365 + 20)).unwrap().whole;
    assert_ne!(later.authority, first.authority);
}

#[test]
fn a_certificate_of_another_authority_is_replaced() {
    let (directory, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    authority(&directory, &["localhost"])
        .certificates(days(0))
        .unwrap();
    authority(&other, &["localhost"])
        .certificates(days(0))
        .unwrap();
    for name in ["tls/leaf.pem", "tls/leaf.key"] {
        std::fs::copy(other.path().join(name), directory.path().join(name)).unwrap();
    }
    let served = authority(&directory, &["localhost"])
        .certificates(days(1))
        .unwrap()
        .whole;
    let (_, root) = served_root(&directory);
    assert_eq!(served.authority, root);
}

fn served_root(directory: &TempDir) -> (Timestamp, Option<Vec<u8>>) {
    let tls = directory.path().join("tls");
    let root = Root::find(&tls.join("ca.pem"), &tls.join("ca.key"))
        .unwrap()
        .unwrap();
    (root.not_after, root.identifier)
}

#[test]
fn a_swapped_certificate_is_the_one_in_force() {
    let directory = tempfile::tempdir().unwrap();
    let authority = authority(&directory, &["localhost"]);
    let notice = Notice::default();
    let certificates = Certificates::new(None, None, notice.clone()).unwrap();
    certificates.serve_locally(authority.certificates(days(0)).unwrap());
    let shown = || Arc::clone(&certificates.choose(None).unwrap().served);
    let before = (shown(), notice.facts.list());
    certificates.serve_locally(authority.certificates(days(350)).unwrap());
    assert!(!Arc::ptr_eq(&before.0, &shown()));
    assert_ne!(before.1, notice.facts.list(), "the new end is stated");
}
