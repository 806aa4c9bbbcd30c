//! `cargo xtask generate`: the documents and the manifests that the binary makes of itself.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::program::{cargo, output, say};

/// The documents, each with its name in `pendopo generate`.
const DOCUMENTS: &[(&str, &str)] = &[
    ("docs/configuration.md", "config"),
    ("docs/cli.md", "cli"),
    ("docs/openapi.json", "openapi"),
];

/// What fills `deploy/`, each by the words behind `pendopo render`.
const MANIFESTS: &[&[&str]] = &[
    &["compose", "--build", ".."],
    &["stack", "--postgres", "--web", "2"],
    &["k8s"],
];

/// A document as it should be.
#[derive(Clone)]
pub(crate) struct Document {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Writes every document that is not as it should be.
pub(crate) fn run(root: &Path) -> Result<()> {
    for document in documents(root)? {
        let path = root.join(&document.path);
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
    let ask = |&(path, name): &(&str, &str)| {
        let text = output(&mut pendopo(root, &["generate", name]))?;
        Ok(Document {
            path: path.to_owned(),
            text: format!("{}\n", text.trim_end()),
        })
    };
    let documents: Result<Vec<_>> = DOCUMENTS.iter().map(ask).collect();
    Ok([documents?, manifests(root)?].concat())
}

fn pendopo(root: &Path, words: &[&str]) -> Command {
    let mut command = cargo(root);
    command
        .args(["run", "--quiet", "--locked", "-p", "pendopo", "--"])
        .args(words);
    command
}

fn manifests(root: &Path) -> Result<Vec<Document>> {
    let rendered = root.join("target/rendered");
    if rendered.exists() {
        std::fs::remove_dir_all(&rendered)
            .with_context(|| format!("emptying {}", rendered.display()))?;
    }
    for words in MANIFESTS {
        let words = [&["render"], *words, &["--to", "target/rendered"]].concat();
        output(&mut pendopo(root, &words))?;
    }
    let mut found = Vec::new();
    collect(&rendered, "deploy", &mut found)?;
    Ok(found)
}

/// The files below a folder, as documents below a path.
fn collect(folder: &Path, path: &str, found: &mut Vec<Document>) -> Result<()> {
    let reading = || format!("reading {}", folder.display());
    let entries = std::fs::read_dir(folder).with_context(reading)?;
    for entry in entries {
        let entry = entry.with_context(reading)?;
        let path = format!("{path}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &path, found)?;
        } else {
            let text = std::fs::read_to_string(entry.path()).with_context(reading)?;
            found.push(Document { path, text });
        }
    }
    Ok(())
}
