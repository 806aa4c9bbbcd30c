//! Generated documents say what the program says today.

use super::Finding;
use crate::generate::Document;
use crate::tree::Tree;

/// Each document that is missing or differs.
pub(crate) fn check(tree: &Tree, documents: &[Document]) -> Vec<Finding> {
    documents
        .iter()
        .filter_map(|document| stale(tree, document))
        .collect()
}

fn stale(tree: &Tree, document: &Document) -> Option<Finding> {
    let fault = match tree.text(&document.path) {
        Some(text) if text == document.text => return None,
        Some(_) => "it is stale",
        None => "it is missing",
    };
    Some(format!(
        "{}: {fault}: run `cargo xtask generate`",
        document.path
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<Finding> {
        let document = Document {
            path: "docs/cli.md".to_owned(),
            text: "# Today\n".to_owned(),
        };
        check(&Tree::of(files), &[document])
    }

    #[test]
    fn a_fresh_document_is_good() {
        assert_eq!(
            found(&[("docs/cli.md", "# Today\n")]),
            Vec::<Finding>::new()
        );
    }

    #[test]
    fn a_stale_document_is_found() {
        assert_eq!(
            found(&[("docs/cli.md", "# Yesterday\n")]),
            ["docs/cli.md: it is stale: run `cargo xtask generate`"]
        );
    }

    #[test]
    fn a_missing_document_is_found() {
        assert_eq!(
            found(&[]),
            ["docs/cli.md: it is missing: run `cargo xtask generate`"]
        );
    }
}
