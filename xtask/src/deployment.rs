//! The linters of what other programs read: hadolint for Dockerfiles, compose-lint for what Compose and Swarm read,
//! actionlint for the workflows of a public forge.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::program;
use crate::tools;
use crate::tree::Tree;

/// A program and the words before the file that it looks at.
type Linter = (&'static str, &'static [&'static str]);

const RECIPE: Linter = ("hadolint", &["--failure-threshold", "warning"]);
const MANIFEST: Linter = ("compose-lint", &["check", "--fail-on", "high"]);
const WORKFLOW: Linter = ("actionlint", &["-shellcheck=", "-pyflakes="]);

/// Fails at the first file in which one of them finds something grave.
pub(crate) fn lint(root: &Path) -> Result<()> {
    let tree = Tree::read(root)?;
    for (linter, found) in [
        (RECIPE, files(&tree, is_recipe)),
        (MANIFEST, files(&tree, is_manifest)),
        (WORKFLOW, files(&tree, is_workflow)),
    ] {
        if found.is_empty() {
            bail!("there is nothing for {} to look at", linter.0);
        }
        for path in found {
            program::run(command(root, linter).current_dir(root).arg(path))?;
        }
    }
    Ok(())
}

fn files(tree: &Tree, is_wanted: fn(&str) -> bool) -> Vec<&str> {
    let paths = tree.texts().map(|(path, _)| path);
    paths.filter(|path| is_wanted(path)).collect()
}

fn is_recipe(path: &str) -> bool {
    path.starts_with("deploy/Dockerfile")
}

fn is_manifest(path: &str) -> bool {
    let is_yaml = Path::new(path)
        .extension()
        .is_some_and(|kind| kind == "yaml");
    is_yaml && path.starts_with("deploy/") && !path.contains("/k8s/")
}

fn is_workflow(path: &str) -> bool {
    path.starts_with(".github/workflows/")
}

fn command(root: &Path, (name, words): Linter) -> Command {
    let mut command = Command::new(tools::of_tests(root, name));
    command.args(words);
    command
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::tempdir;

    use super::*;
    use crate::program::output;
    use crate::tree;

    /// The linter is content with the good text and complains of the other by these words.
    fn check(linter: Linter, name: &str, good: &str, fault: (&str, &str), complaint: &str) {
        let place = tempdir().unwrap();
        let lint = |text: &str| {
            fs::write(place.path().join(name), text).unwrap();
            output(
                command(tree::root(), linter)
                    .current_dir(place.path())
                    .arg(name),
            )
        };
        lint(good).unwrap();
        let planted = good.replace(fault.0, fault.1);
        assert_ne!(planted, good);
        lint(&planted).unwrap_err();
        let all = command(tree::root(), linter)
            .current_dir(place.path())
            .arg(name)
            .output()
            .unwrap();
        let said = [all.stdout, all.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains(complaint), "{said}");
    }

    #[test]
    fn a_base_image_of_no_version_is_found() {
        let good = "FROM debian:12.11-slim\nUSER 65532:65532\nENTRYPOINT [\"/bin/true\"]\n";
        check(RECIPE, "Dockerfile", good, (":12.11-slim", ""), "DL3006");
    }

    #[test]
    fn a_privileged_container_is_found() {
        let good = "services:\n  web:\n    image: pendopo:1.0.0\n    read_only: true\n    user: \"65532\"\n    \
            cap_drop: [ALL]\n    security_opt: [\"no-new-privileges:true\"]\n";
        let fault = ("read_only: true", "read_only: true\n    privileged: true");
        check(MANIFEST, "compose.yaml", good, fault, "rivileged");
    }

    #[test]
    fn a_workflow_that_can_not_run_is_found() {
        let good = "name: checks\non: push\njobs:\n  ci:\n    runs-on: ubuntu-latest\n    steps:\n      - run: cargo xtask ci\n";
        let fault = ("runs-on: ubuntu-latest", "run-on: ubuntu-latest");
        check(WORKFLOW, "ci.yml", good, fault, "run-on");
    }
}
