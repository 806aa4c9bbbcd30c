//! The files of the repository as text, so that every check is a function over values.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::program::output;

/// Where the repository stands.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask stands in the root")
}

/// Paths from the root, with `/`, each with its text; a file that is no text has none.
pub(crate) struct Tree(BTreeMap<String, Option<String>>);

impl Tree {
    /// Every file that is tracked, or would be by `git add`.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let listing = [
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ];
        let names = output(Command::new("git").current_dir(root).args(listing))?;
        let names = names.split('\0').filter(|name| root.join(name).is_file());
        names
            .map(|name| Ok((name.to_owned(), text(&root.join(name))?)))
            .collect::<Result<_>>()
            .map(Self)
    }

    /// The files with this ending, in order of their paths.
    pub(crate) fn ending<'a>(&'a self, end: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.texts().filter(move |(path, _)| path.ends_with(end))
    }

    /// All files that are text, in order of their paths.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// The text of one file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path)?.as_deref()
    }

    /// Whether a file or a folder of that path exists.
    pub(crate) fn holds(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let folder = format!("{path}/");
        path.is_empty()
            || self.0.contains_key(path)
            || self.0.keys().any(|name| name.starts_with(&folder))
    }

    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let files = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), Some((*text).to_owned())));
        Self(files.collect())
    }
}

fn text(path: &Path) -> Result<Option<String>> {
    let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    Ok(String::from_utf8(bytes).ok())
}
