//! cargo-deny over everything that is linked: the parts of `deny.toml` that need no list of advisories from elsewhere.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::{program, tools};

/// Without the warnings: that two versions of a crate are here is told by the lock file.
const WORDS: [&str; 7] = [
    "--locked",
    "--log-level",
    "error",
    "check",
    "bans",
    "licenses",
    "sources",
];

/// Fails at a crate that may not be linked, a licence that is not allowed, a source that is not crates.io.
pub(crate) fn check(root: &Path) -> Result<()> {
    program::run(deny(root).current_dir(root).args(WORDS))
}

fn deny(root: &Path) -> Command {
    Command::new(tools::of_tests(root, "cargo-deny"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::tempdir;

    use super::*;
    use crate::tree;

    /// What cargo-deny says of a crate by itself, under the rules of the tree.
    fn said(manifest: &str) -> (bool, String) {
        let place = tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
        fs::create_dir(place.path().join("src")).unwrap();
        write("src/lib.rs", "");
        write("Cargo.toml", manifest);
        write(
            "deny.toml",
            &fs::read_to_string(tree::root().join("deny.toml")).unwrap(),
        );
        write(
            "Cargo.lock",
            "version = 4\n\n[[package]]\nname = \"alone\"\nversion = \"1.0.0\"\n",
        );
        let mut command = deny(tree::root());
        let output = command
            .current_dir(place.path())
            .args(WORDS)
            .output()
            .unwrap();
        let all = [output.stdout, output.stderr].concat();
        (
            output.status.success(),
            String::from_utf8_lossy(&all).into_owned(),
        )
    }

    #[test]
    fn a_licence_that_is_not_allowed_is_found() {
        let manifest = |licence: &str| {
            format!(
                "[package]\nname = \"alone\"\nversion = \"1.0.0\"\nedition = \"2024\"\nlicense = \"{licence}\"\n"
            )
        };
        let (good, text) = said(&manifest("MIT"));
        assert!(good, "{text}");
        let (good, text) = said(&manifest("GPL-3.0-only"));
        assert!(!good && text.contains("GPL-3.0-only"), "{text}");
    }
}
