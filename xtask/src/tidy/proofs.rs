//! Every test that a document names as a proof is there.

use super::Finding;
use crate::tree::Tree;

/// Where tests are named as `module::the_sentence_that_it_proves`.
const DOCUMENTS: &str = "docs/seeds/";

/// Each name of a test that no file has.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let pages = tree
        .ending(".md")
        .filter(|(path, _)| path.starts_with(DOCUMENTS));
    pages
        .flat_map(|(path, text)| missing(tree, path, text))
        .collect()
}

fn missing(tree: &Tree, path: &str, text: &str) -> Vec<Finding> {
    let quoted = text.split('`').skip(1).step_by(2);
    let names = quoted.filter_map(|word| word.split_once("::"));
    names
        .filter(|(module, test)| !is_there(tree, module, test))
        .map(|(module, test)| format!("{path}: there is no test `{module}::{test}`"))
        .collect()
}

/// The test's file, or the folder that it is in, is named after its module.
fn is_there(tree: &Tree, module: &str, test: &str) -> bool {
    let declared = format!("fn {test}(");
    let file = format!("/{module}.rs");
    let folder = format!("/{module}/");
    tree.ending(".rs").any(|(path, text)| {
        (path.ends_with(&file) || path.contains(&folder)) && text.contains(&declared)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_is_not_there_is_found() {
        let tree = Tree::of(&[
            ("crates/a/tests/it/door.rs", "#[test]\nfn it_opens() {}\n"),
            (
                "docs/seeds/house.md",
                "`door::it_opens` and `door::it_closes`, `window::it_opens`\n",
            ),
        ]);
        assert_eq!(
            check(&tree),
            [
                "docs/seeds/house.md: there is no test `door::it_closes`",
                "docs/seeds/house.md: there is no test `window::it_opens`"
            ]
        );
    }
}
