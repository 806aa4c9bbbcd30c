//! Each rule of a small deny.toml is broken once.

use super::*;

const DENY: &str = r#"
[licenses]
allow = ["MIT"]
[bans]
deny = [
  { crate = "openssl", reason = "TLS is rustls" },
  { crate = "rusqlite", wrappers = ["store"], reason = "SQL stands in the store" },
  { crate = "rustls", deny-multiple-versions = true, reason = "one TLS" },
]
"#;

fn found(table: &[(&str, &[&str])]) -> Vec<Finding> {
    check(&Workspace::of(table), DENY)
}

#[test]
fn a_good_house_passes() {
    assert_eq!(
        found(&[("store", &["rusqlite"]), ("rusqlite", &[]), ("rustls", &[])]),
        Vec::<Finding>::new()
    );
}

#[test]
fn a_driver_has_one_dependent() {
    let found = found(&[
        ("web", &["rusqlite"]),
        ("store", &["rusqlite"]),
        ("rusqlite", &[]),
    ]);
    assert_eq!(
        found,
        ["deny.toml: web may not depend on rusqlite: SQL stands in the store"]
    );
}

#[test]
fn a_test_may_use_a_driver() {
    assert_eq!(
        found(&[("web", &["rusqlite?"]), ("rusqlite", &[])]),
        Vec::<Finding>::new()
    );
}

#[test]
fn a_refused_crate_is_found() {
    assert_eq!(
        found(&[("openssl", &[])]),
        ["deny.toml: openssl 1.0.0 is refused: TLS is rustls"]
    );
}

#[test]
fn a_second_version_is_found() {
    assert_eq!(found(&[("rustls", &[]), ("rustls", &[])]).len(), 1);
}

#[test]
fn a_foreign_licence_is_found() {
    let mut workspace = Workspace::of(&[("a", &[]), ("b", &[])]);
    workspace.packages[0].licence = Some("AGPL-3.0-only".to_owned());
    workspace.packages[1].licence = None;
    let found = check(&workspace, DENY);
    assert_eq!(
        found,
        [
            "deny.toml: a 1.0.0 is under `AGPL-3.0-only`, which is not allowed",
            "deny.toml: b 1.0.0 states no licence"
        ]
    );
}

#[test]
fn a_missing_file_is_a_finding() {
    assert_eq!(check(&Workspace::of(&[]), "").len(), 1);
}
