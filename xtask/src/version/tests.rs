//! Versions and changes, as values.

use super::*;

fn stepped(old: &str, step: Step) -> String {
    next(old, step, Raise::Minor).expect("it can be raised")
}

#[test]
fn a_development_version_counts_up_and_a_release_strips_it() {
    assert_eq!(stepped("0.1.0-dev.1", Step::Dev), "0.1.0-dev.2");
    assert_eq!(stepped("0.1.0-dev.9", Step::Dev), "0.1.0-dev.10");
    assert_eq!(stepped("0.1.0-dev.10", Step::Release), "0.1.0");
}

#[test]
fn what_follows_a_release_is_raised() {
    for (raise, new) in [
        (Raise::Major, "2.0.0-dev.1"),
        (Raise::Minor, "1.3.0-dev.1"),
        (Raise::Patch, "1.2.4-dev.1"),
    ] {
        assert_eq!(next("1.2.3", Step::Dev, raise).unwrap(), new);
    }
}

#[test]
fn a_release_is_not_released_again() {
    let error = next("0.1.0", Step::Release, Raise::Minor).unwrap_err();
    assert!(error.to_string().contains("is a release already"));
}

const CHANGES: &str =
    "# Changes\n\n## 0.2.0-dev.3\n\n- A door.\n\n## 0.1.0 (2026-01-01)\n\n- A house.\n";

#[test]
fn a_release_gives_its_section_a_day() {
    let text = changed(CHANGES, ("0.2.0-dev.3", "0.2.0"), "2026-11-21").unwrap();
    assert_eq!(
        text,
        CHANGES.replace("## 0.2.0-dev.3", "## 0.2.0 (2026-11-21)")
    );
}

#[test]
fn counting_up_keeps_the_section() {
    let text = changed(CHANGES, ("0.2.0-dev.3", "0.2.0-dev.4"), "2026-11-21").unwrap();
    assert_eq!(text, CHANGES.replace("dev.3", "dev.4"));
}

#[test]
fn after_a_release_a_new_section_begins_which_can_not_be_released_as_it_is() {
    let released = changed(CHANGES, ("0.2.0-dev.3", "0.2.0"), "2026-11-21").unwrap();
    let text = changed(&released, ("0.2.0", "0.3.0-dev.1"), "2026-11-22").unwrap();
    assert!(text.contains("## 0.3.0-dev.1\n\nNothing yet.\n\n## 0.2.0 (2026-11-21)\n\n- A door."));
    let error = changed(&text, ("0.3.0-dev.1", "0.3.0"), "2026-11-23").unwrap_err();
    assert!(
        error.to_string().contains("says nothing of 0.3.0"),
        "{error}"
    );
}

#[test]
fn changes_of_another_version_are_refused() {
    let error = changed(CHANGES, ("0.4.0-dev.1", "0.4.0"), "2026-11-21").unwrap_err();
    assert!(
        error.to_string().contains("not that of 0.4.0-dev.1"),
        "{error}"
    );
}

#[test]
fn the_real_changes_begin_with_the_real_version() {
    let read = |name| std::fs::read_to_string(crate::tree::root().join(name)).unwrap();
    let (manifest, changes) = (read("Cargo.toml"), read("CHANGELOG.md"));
    let old = current(&manifest).unwrap();
    if old.contains("-dev.") {
        changed(&changes, (old, "99.0.0-dev.1"), "2026-11-21").unwrap();
    }
}
