//! How long a file may be, and how it begins.

use super::Finding;
use crate::tree::Tree;

/// Lines of product code a file may have; about 100 is the aim.
const LIMIT: usize = 400;

/// Files that may be longer, each with the reason. A file that shrank must leave the list.
const LONGER: &[(&str, &str)] = &[];

/// Whether a file holds nothing but tests.
pub(crate) fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs") || path.contains("/benches/")
}

/// The part of a file that ships: nothing of a test file, else all before a closing `#[cfg(test)]`.
pub(crate) fn product<'a>(path: &str, text: &'a str) -> &'a str {
    if is_test(path) {
        return "";
    }
    text.find("\n#[cfg(test)]\nmod tests")
        .map_or(text, |end| &text[..=end])
}

/// Files without a first sentence, over-long ones, and exceptions that are none.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let files = tree.ending(".rs").flat_map(|(path, text)| file(path, text));
    files
        .chain(
            LONGER
                .iter()
                .filter_map(|(path, reason)| exception(tree, path, reason)),
        )
        .collect()
}

fn file(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !text.starts_with("//! ") {
        findings.push(format!(
            "{path}: the first line is no `//!` sentence: say what the file is"
        ));
    }
    let lines = product(path, text).lines().count();
    if lines > LIMIT && !LONGER.iter().any(|row| row.0 == path) {
        findings.push(format!(
            "{path}: {lines} lines where {LIMIT} are allowed: split it by noun"
        ));
    }
    findings
}

fn exception(tree: &Tree, path: &str, reason: &str) -> Option<Finding> {
    let lines = tree
        .text(path)
        .map_or(0, |text| product(path, text).lines().count());
    let needed = lines > LIMIT && !reason.is_empty();
    (!needed).then(|| {
        format!("{path}: the exception in xtask/src/tidy/size.rs is not needed or has no reason")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<Finding> {
        check(&Tree::of(&[(path, text)]))
    }

    #[test]
    fn a_file_says_first_what_it_is() {
        assert_eq!(found("a.rs", "use std::fs;\n").len(), 1);
        assert_eq!(found("a.rs", "//! What it is.\n").len(), 0);
    }

    #[test]
    fn a_file_of_401_lines_is_too_long() {
        let longest = format!("//! X.\n{}", "fn a() {}\n".repeat(399));
        assert_eq!(found("a.rs", &longest).len(), 0);
        let findings = found("a.rs", &format!("{longest}fn b() {{}}\n"));
        assert_eq!(
            findings,
            ["a.rs: 401 lines where 400 are allowed: split it by noun"]
        );
    }

    #[test]
    fn tests_do_not_count() {
        let tail = "    fn a() {}\n".repeat(500);
        assert_eq!(
            found(
                "a.rs",
                &format!("//! X.\nfn b() {{}}\n\n#[cfg(test)]\nmod tests {{\n{tail}}}\n")
            )
            .len(),
            0
        );
        assert_eq!(
            found("crates/x/src/a/tests.rs", &format!("//! X.\n{tail}")).len(),
            0
        );
    }

    #[test]
    fn an_exception_that_is_not_needed_is_a_finding() {
        assert!(exception(&Tree::of(&[("a.rs", "//! X.\n")]), "a.rs", "generated").is_some());
        let long = "//! X.\n".repeat(401);
        assert!(exception(&Tree::of(&[("a.rs", &long)]), "a.rs", "").is_some());
        assert!(exception(&Tree::of(&[("a.rs", &long)]), "a.rs", "generated").is_none());
    }
}
