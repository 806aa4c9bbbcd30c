//! `cargo xtask generate`: the documents that the binary makes of itself.

use std::path::Path;

use anyhow::{Context, Result};

use crate::program::{cargo, output, say};

/// The documents, each with its name in `pendopo generate`.
const DOCUMENTS: &[(&str, &str)] = &[
    ("docs/configuration.md", "config"),
    ("docs/cli.md", "cli"),
    ("docs/openapi.json", "openapi"),
];

/// A document as it should be.
pub(crate) struct Document {
    pub(crate) path: &'static str,
    pub(crate) text: String,
}

/// Writes every document that is not as it should be.
pub(crate) fn run(root: &Path) -> Result<()> {
    for document in documents(root)? {
        let path = root.join(document.path);
        if std::fs::read_to_string(&path).is_ok_and(|text| text == document.text) {
            continue;
        }
        let folder = path.parent().context("a document stands in a folder")?;
        std::fs::create_dir_all(folder)
            .with_context(|| format!("creating {}", folder.display()))?;
        std::fs::write(&path, &document.text)
            .with_context(|| format!("writing {}", path.display()))?;
        say(&format!("written: {}", document.path));
    }
    Ok(())
}

/// Builds the binary and asks it.
pub(crate) fn documents(root: &Path) -> Result<Vec<Document>> {
    let ask = |&(path, name): &(&'static str, &str)| {
        let arguments = [
            "run", "--quiet", "--locked", "-p", "pendopo", "--", "generate", name,
        ];
        let text = output(cargo(root).args(arguments))?;
        Ok(Document {
            path,
            text: format!("{}\n", text.trim_end()),
        })
    };
    DOCUMENTS.iter().map(ask).collect()
}
