//! The tests that `docs/hardening.md` names exist.

use std::collections::HashSet;

use super::Finding;
use crate::tree::Tree;

const DOCUMENT: &str = "docs/hardening.md";

/// A name this long, in backticks in a row's last cell, is a test's; what is shorter is something else.
const SHORTEST: usize = 20;

/// Names of tests that no test has, and rows that name none.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.text(DOCUMENT) else {
        return vec![format!("{DOCUMENT}: it is missing")];
    };
    let tests: HashSet<&str> = tree
        .ending(".rs")
        .flat_map(|(_, source)| tests(source))
        .collect();
    rows(text).flat_map(|row| faults(row, &tests)).collect()
}

fn faults(row: &str, tests: &HashSet<&str>) -> Vec<Finding> {
    let cell = row.trim_end_matches('|').rsplit('|').next();
    let words = cell.unwrap_or_default().split('`').skip(1).step_by(2);
    let names: Vec<&str> = words.filter(|word| word.len() >= SHORTEST).collect();
    if names.is_empty() {
        return vec![format!("{DOCUMENT}: the row `{row}` names no test")];
    }
    let missing = names.iter().filter(|name| !tests.contains(*name));
    missing
        .map(|name| format!("{DOCUMENT}: no test is called `{name}`"))
        .collect()
}

/// The rows of tables whose last column is `test`.
fn rows(text: &str) -> impl Iterator<Item = &str> {
    let mut is_within = false;
    text.lines().filter(move |line| {
        let is_head = line.ends_with("| test |");
        is_within = is_head || is_within && line.starts_with('|');
        is_within && !is_head && !line.starts_with("|--")
    })
}

/// The functions that stand under `#[test]`, perhaps with other attributes and `async` between.
fn tests(source: &str) -> impl Iterator<Item = &str> {
    let after = source
        .split("#[test]")
        .skip(1)
        .chain(source.split("#[tokio::test").skip(1));
    after.filter_map(|rest| rest.split_once("fn ")?.1.split('(').next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(cell: &str) -> Vec<Finding> {
        let document = format!("# X\n\n| fault | test |\n|---|---|\n| flood | {cell} |\n\nText.\n");
        let source =
            "#[test]\nfn a_flood_ends_the_connection() {}\nfn no_test_but_a_function() {}\n";
        check(&Tree::of(&[
            (DOCUMENT, &document),
            ("crates/edge/tests/it/floods.rs", source),
        ]))
    }

    #[test]
    fn a_row_names_tests_that_exist() {
        assert_eq!(
            found("`a_flood_ends_the_connection`"),
            Vec::<Finding>::new()
        );
        assert_eq!(found("`a_flood_is_taken_for_ever`").len(), 1);
        assert_eq!(found("`no_test_but_a_function`").len(), 1);
        assert_eq!(found("none").len(), 1);
    }
}
