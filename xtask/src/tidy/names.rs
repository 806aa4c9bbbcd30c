//! Names that say nothing, and imports that hide names.

use super::Finding;
use super::size::product;
use crate::tree::Tree;

/// Module names under which anything could stand, so that in time everything does.
const DRAWERS: &[&str] = &[
    "common", "data", "helper", "helpers", "info", "manager", "misc", "util", "utils",
];

/// Drawers, `mod.rs` files and glob imports.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.ending(".rs")
        .flat_map(|(path, text)| drawers(path).into_iter().chain(globs(path, text)))
        .collect()
}

fn drawers(path: &str) -> Vec<Finding> {
    let words: Vec<&str> = path.trim_end_matches(".rs").split('/').collect();
    let drawers = words.iter().filter(|word| DRAWERS.contains(word));
    let mut findings: Vec<_> = drawers
        .map(|word| format!("{path}: `{word}` says nothing: put each part with its owner"))
        .collect();
    if words.last() == Some(&"mod") {
        findings.push(format!(
            "{path}: name the file after its module, beside the folder"
        ));
    }
    findings
}

fn globs(path: &str, text: &str) -> Vec<Finding> {
    let lines = product(path, text).lines().enumerate();
    let globs = lines.filter(|(_, line)| is_glob(line.trim()));
    globs
        .map(|(at, _)| {
            format!(
                "{path}:{}: a glob import hides where names come from: list them",
                at + 1
            )
        })
        .collect()
}

fn is_glob(line: &str) -> bool {
    let code = !line.starts_with("//") && !line.contains('"');
    code && ["::*;", "::*,", "::*}"]
        .iter()
        .any(|end| line.contains(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn drawers_are_refused_as_file_and_as_folder() {
        assert_eq!(found("crates/web/src/utils.rs", ""), 1);
        assert_eq!(found("crates/web/src/helpers/time.rs", ""), 1);
        assert_eq!(found("crates/web/src/manager.rs", ""), 1);
        assert_eq!(found("crates/web/src/pages.rs", ""), 0);
    }

    #[test]
    fn a_module_file_is_named_after_its_module() {
        assert_eq!(found("crates/web/src/api/mod.rs", ""), 1);
    }

    #[test]
    fn globs_are_refused_outside_tests() {
        assert_eq!(found("crates/web/src/api.rs", "use school::*;\n"), 1);
        assert_eq!(
            found(
                "crates/web/src/api.rs",
                "pub use school::{people::*, Actor};\n"
            ),
            1
        );
        assert_eq!(
            found(
                "crates/web/src/api.rs",
                "\n#[cfg(test)]\nmod tests {\n    use super::*;\n}\n"
            ),
            0
        );
        assert_eq!(found("crates/web/src/api/tests.rs", "use super::*;\n"), 0);
    }
}
