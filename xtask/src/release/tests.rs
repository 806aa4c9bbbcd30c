//! The bill of materials of the real program, and an archive that is the same twice.

use std::collections::BTreeSet;

use serde_json::Value;
use tempfile::tempdir;

use super::*;

fn references(list: &Value, key: &str) -> BTreeSet<String> {
    let list = list.as_array().expect("a list").iter();
    list.map(|value| value[key].as_str().expect("a reference").to_owned())
        .collect()
}

#[test]
fn the_bill_has_every_package_of_the_binary_and_none_of_the_tests() {
    let root = crate::tree::root();
    let workspace = Workspace::read(root).expect("cargo knows the packages");
    let text = sbom::text(&workspace, &read_lock(root).unwrap()).unwrap();
    let bill: Value = serde_json::from_str(&text).unwrap();
    let names = references(&bill["components"], "name");
    for name in ["hyper", "rustls", "tokio", "rusqlite", "edge", "school"] {
        assert!(names.contains(name), "{name}: {names:?}");
    }
    for name in ["testkit", "insta", "xtask", "pendopo"] {
        assert!(!names.contains(name), "{name}");
    }
    for component in bill["components"].as_array().unwrap() {
        let foreign = component["name"].as_str() == Some("tokio");
        assert!(!foreign || component["hashes"][0]["content"].as_str().is_some());
        assert!(
            component["licenses"][0]["expression"].is_string(),
            "{component}"
        );
    }
    let known = references(&bill["dependencies"], "ref");
    for dependency in bill["dependencies"].as_array().unwrap() {
        for needed in dependency["dependsOn"].as_array().unwrap() {
            assert!(known.contains(needed.as_str().unwrap()), "{needed}");
        }
    }
}

#[test]
fn what_is_not_committed_is_not_handed_out() {
    let (repository, folder) = (tempdir().unwrap(), tempdir().unwrap());
    let git = |words: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example"];
        let mut git = Command::new("git");
        output(
            git.current_dir(repository.path())
                .args(identity)
                .args(words),
        )
        .unwrap();
    };
    for path in ["deploy", "docs"] {
        std::fs::create_dir(repository.path().join(path)).unwrap();
    }
    for path in ["CHANGELOG.md", "LICENSE", "README.md", "deploy/a", "docs/b"] {
        std::fs::write(repository.path().join(path), "text").unwrap();
    }
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "a"]);
    std::fs::write(repository.path().join("deploy/secret"), "geheim").unwrap();
    copy(repository.path(), folder.path(), "pendopo-1").unwrap();
    let inside = folder.path().join("pendopo-1");
    assert!(inside.join("deploy/a").exists());
    assert!(!inside.join("deploy/secret").exists());
}

#[test]
fn an_archive_of_the_same_files_is_the_same_and_its_checksum_proves_it() {
    let archives = [0, 1].map(|_| {
        let folder = tempdir().unwrap();
        let inside = folder.path().join("pendopo-1");
        std::fs::create_dir(&inside).unwrap();
        for name in ["b", "a"] {
            std::fs::write(inside.join(name), name).unwrap();
        }
        pack(folder.path(), "pendopo-1").unwrap();
        std::fs::remove_dir_all(&inside).unwrap();
        checksums(folder.path()).unwrap();
        let sums = std::fs::read_to_string(folder.path().join("SHA256SUMS")).unwrap();
        let mut check = Command::new("sha256sum");
        output(
            check
                .current_dir(folder.path())
                .args(["--check", "SHA256SUMS"]),
        )
        .unwrap();
        sums
    });
    assert!(
        archives[0].ends_with("  pendopo-1.tar.gz\n"),
        "{archives:?}"
    );
    assert_eq!(archives[0], archives[1]);
}
