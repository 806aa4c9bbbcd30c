//! `cargo xtask tidy`: the rules of ARCHITECTURE.md and STYLE.md that no compiler holds.

mod circles;
mod conflicts;
mod documents;
mod floors;
mod generated;
mod hardening;
mod licences;
mod locales;
mod manifests;
mod migrations;
mod names;
mod proofs;
mod purity;
mod size;
mod words;

use std::path::Path;

use anyhow::{Result, bail};

use crate::generate;
use crate::program::say;
use crate::tree::Tree;
use crate::workspace::Workspace;

/// One broken rule: where, what, and the mend.
pub(crate) type Finding = String;

/// Reads the tree, prints every finding, fails if there is one.
pub(crate) fn run(root: &Path) -> Result<()> {
    let tree = Tree::read(root)?;
    let mut findings = findings(&tree, &Workspace::read(root)?);
    findings.extend(generated::check(&tree, &generate::documents(root)?));
    for finding in &findings {
        say(&format!("tidy: {finding}"));
    }
    if !findings.is_empty() {
        bail!("{} rules of the house are broken", findings.len());
    }
    Ok(())
}

fn findings(tree: &Tree, workspace: &Workspace) -> Vec<Finding> {
    let deny = tree.text("deny.toml").unwrap_or_default();
    [
        floors::check(workspace),
        circles::check(tree),
        conflicts::check(tree),
        purity::check(tree),
        manifests::check(tree),
        licences::check(workspace, deny),
        size::check(tree),
        names::check(tree),
        words::check(tree),
        locales::check(tree),
        migrations::check(tree),
        documents::check(tree, workspace),
        hardening::check(tree),
        proofs::check(tree),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_real_tree_is_tidy() {
        let root = crate::tree::root();
        let tree = Tree::read(root).expect("the tree can be read");
        let workspace = Workspace::read(root).expect("cargo knows the packages");
        assert_eq!(findings(&tree, &workspace), Vec::<Finding>::new());
    }
}
