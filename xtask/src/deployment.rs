//! The linters of what is deployed: hadolint for Dockerfiles, compose-lint for what Compose and Swarm read.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::program;
use crate::tree::Tree;

/// Fails at the first file in which one of them finds something grave.
pub(crate) fn lint(root: &Path) -> Result<()> {
    let tree = Tree::read(root)?;
    let manifests: Vec<&str> = tree
        .ending(".yaml")
        .map(|(path, _)| path)
        .filter(|path| path.starts_with("deploy/") && !path.contains("/k8s/"))
        .collect();
    let recipes = tree.texts().map(|(path, _)| path);
    let recipes = recipes.filter(|path| path.starts_with("deploy/Dockerfile"));
    if manifests.is_empty() {
        bail!("there is no manifest in deploy/: run `cargo xtask generate`");
    }
    for path in recipes {
        let lint = ["--failure-threshold", "warning"];
        program::run(tool(root, "hadolint").args(lint).arg(path))?;
    }
    for path in manifests {
        let lint = ["check", "--fail-on", "high"];
        program::run(tool(root, "compose-lint").args(lint).arg(path))?;
    }
    Ok(())
}

/// The tests' environment has them.
fn tool(root: &Path, name: &str) -> Command {
    let mut command = Command::new(root.join("target/venv/bin").join(name));
    command.current_dir(root);
    command
}
