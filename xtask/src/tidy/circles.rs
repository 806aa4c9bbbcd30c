//! The modules of a crate that import each other in a circle: none of them can be read, moved or tested alone.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::size::product;
use crate::tree::Tree;

/// Where modules import each other downwards only.
const SOURCES: &[&str] = &[
    "crates/edge/src/",
    "crates/lifecycle/src/",
    "crates/pendopo/src/",
    "crates/testkit/src/",
    "crates/traffic/src/",
    "crates/web/src/",
    "xtask/src/",
];

/// A crate's top-level modules, each with those that it imports.
type Imports<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// Each circle once, as a chain of modules.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let circles = SOURCES.iter().filter_map(|source| {
        let chain = circle(&imports(tree, source))?.join(" → ");
        Some(format!(
            "{source}: the modules {chain} import each other in a circle: move what they share to a module below them"
        ))
    });
    circles.collect()
}

fn imports<'a>(tree: &'a Tree, source: &'a str) -> Imports<'a> {
    let files = tree
        .ending(".rs")
        .filter_map(|(path, text)| Some((path, path.strip_prefix(source)?, text)));
    let mut imports = Imports::new();
    for (path, inner, text) in files {
        let module = inner.split(['/', '.']).next().unwrap_or(inner);
        let own = imports.entry(module).or_default();
        let named = product(path, text).split("crate::").skip(1).flat_map(named);
        own.extend(named.filter(|other| *other != module));
    }
    imports
}

/// The modules that stand after one `crate::`: one, or those of a list in braces.
fn named(after: &str) -> impl Iterator<Item = &str> {
    let word = |text: &str| text.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let list = after
        .strip_prefix('{')
        .and_then(|list| list.split('}').next());
    list.unwrap_or(&after[..word(after).unwrap_or(after.len())])
        .split(',')
        .map(str::trim)
        .map(move |item| &item[..word(item).unwrap_or(item.len())])
}

/// The first circle: modules without imports are taken away until nothing or only circles and their users are left.
fn circle<'a>(imports: &Imports<'a>) -> Option<Vec<&'a str>> {
    let mut left = imports.clone();
    loop {
        let names: BTreeSet<_> = left.keys().copied().collect();
        let before = left.len();
        left.retain(|_, imported| imported.iter().any(|name| names.contains(name)));
        if left.len() == before {
            break;
        }
    }
    let mut chain = vec![*left.keys().next()?];
    loop {
        let next = left[chain[chain.len() - 1]]
            .iter()
            .find(|name| left.contains_key(*name))?;
        if let Some(begin) = chain.iter().position(|name| name == next) {
            chain.push(next);
            return Some(chain.split_off(begin));
        }
        chain.push(next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<Finding> {
        check(&Tree::of(files))
    }

    #[test]
    fn modules_that_import_each_other_are_named() {
        let files = [
            ("crates/edge/src/a.rs", "//! X.\nuse crate::b::B;\n"),
            ("crates/edge/src/b/inner.rs", "//! X.\nuse crate::{c, d};\n"),
            ("crates/edge/src/c.rs", "//! X.\nuse crate::b;\n"),
        ];
        let findings = found(&files);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].contains("b → c → b"), "{findings:?}");
    }

    #[test]
    fn imports_downwards_within_a_module_and_in_tests_are_free() {
        let files = [
            (
                "crates/edge/src/a.rs",
                "//! X.\nuse crate::{b, c};\nuse crate::b::B;\n",
            ),
            (
                "crates/edge/src/b/inner.rs",
                "//! X.\nuse crate::b::Other;\n",
            ),
            (
                "crates/edge/src/b.rs",
                "//! X.\n\n#[cfg(test)]\nmod tests {\n    use crate::a;\n}\n",
            ),
        ];
        assert_eq!(found(&files), Vec::<Finding>::new());
    }
}
