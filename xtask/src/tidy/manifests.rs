//! What each member's Cargo.toml must and must not say.

use toml::{Table, Value};

use super::Finding;
use crate::tree::Tree;

const KINDS: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

/// Members that choose their own lints or versions.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let members = tree.ending("/Cargo.toml");
    members
        .flat_map(|(path, text)| match text.parse::<Table>() {
            // A workspace of its own has nothing to inherit.
            Ok(manifest) if manifest.contains_key("workspace") => Vec::new(),
            Ok(manifest) => member(path, &manifest),
            Err(error) => vec![format!("{path}: {}", error.message())],
        })
        .collect()
}

fn member(path: &str, manifest: &Table) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !inherits(manifest.get("lints")) {
        findings.push(format!(
            "{path}: the lints are not inherited: add `[lints] workspace = true`"
        ));
    }
    for key in ["version", "edition", "rust-version", "license", "publish"] {
        if !inherits(manifest.get("package").and_then(|package| package.get(key))) {
            findings.push(format!("{path}: write `{key}.workspace = true`"));
        }
    }
    let tables = KINDS
        .iter()
        .filter_map(|kind| manifest.get(*kind)?.as_table());
    let own = tables.flatten().filter(|(_, value)| !inherits(Some(value)));
    findings.extend(own.map(|(name, _)| {
        format!("{path}: write `{name}.workspace = true`; versions stand in the root")
    }));
    findings
}

fn inherits(value: Option<&Value>) -> bool {
    value
        .and_then(|value| value.get("workspace"))
        .and_then(Value::as_bool)
        == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\nname = \"x\"\nversion.workspace = true\nedition.workspace = true\n\
        rust-version.workspace = true\nlicense.workspace = true\npublish.workspace = true\n\
        [dependencies]\ntokio = { workspace = true, features = [\"net\"] }\n[lints]\nworkspace = true\n";

    fn found(text: &str) -> Vec<Finding> {
        check(&Tree::of(&[("crates/x/Cargo.toml", text)]))
    }

    #[test]
    fn a_member_inherits_everything() {
        assert_eq!(found(GOOD), Vec::<Finding>::new());
    }

    #[test]
    fn a_version_in_a_member_is_refused() {
        assert_eq!(
            found(&GOOD.replace("{ workspace = true, ", "{ version = \"1\", ")).len(),
            1
        );
        assert_eq!(
            found(&GOOD.replace("[lints]", "[dev-dependencies]\ninsta = \"1\"\n[lints]")).len(),
            1
        );
        assert_eq!(
            found(&GOOD.replace(
                "version.workspace = true\nedition",
                "version = \"1.0.0\"\nedition"
            ))
            .len(),
            1
        );
    }

    #[test]
    fn a_member_without_the_lints_is_refused() {
        assert_eq!(
            found(&GOOD.replace("[lints]\nworkspace = true\n", "")).len(),
            1
        );
    }

    #[test]
    fn a_manifest_that_cannot_be_read_is_a_finding() {
        assert_eq!(found("[package").len(), 1);
    }
}
