//! Links in the documents lead somewhere, and the map shows the crates that exist.

use super::Finding;
use crate::tree::Tree;
use crate::workspace::Workspace;

const MAP: &str = "ARCHITECTURE.md";

/// Dead links, and differences between the map and the tree.
pub(crate) fn check(tree: &Tree, workspace: &Workspace) -> Vec<Finding> {
    let links = tree
        .ending(".md")
        .flat_map(|(path, text)| dead(tree, path, text));
    links.chain(map(tree, workspace)).collect()
}

fn dead(tree: &Tree, path: &str, text: &str) -> Vec<Finding> {
    let dead =
        links(text).filter(|link| !resolve(path, link).is_some_and(|target| tree.holds(&target)));
    dead.map(|link| format!("{path}: the link `{link}` leads nowhere"))
        .collect()
}

/// The targets of `[text](target)` that are files of this repository, without their anchors.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', ' ']).next());
    let files = targets.filter(|target| {
        !target.contains("://") && !target.starts_with(['#', '/']) && !target.starts_with("mailto:")
    });
    files.map(|target| target.split('#').next().unwrap_or_default())
}

/// A path from the root, for a link in a document; none if it leaves the repository.
fn resolve(document: &str, link: &str) -> Option<String> {
    let folder = document.rsplit_once('/').map_or("", |parts| parts.0);
    let mut words: Vec<&str> = folder.split('/').filter(|word| !word.is_empty()).collect();
    for word in link
        .split('/')
        .filter(|word| !word.is_empty() && *word != ".")
    {
        if word == ".." {
            words.pop()?;
        } else {
            words.push(word);
        }
    }
    Some(words.join("/"))
}

fn map(tree: &Tree, workspace: &Workspace) -> Vec<Finding> {
    let Some(text) = tree.text(MAP) else {
        return vec![format!("{MAP}: the map of the house is missing")];
    };
    let drawn: Vec<&str> = drawn(text).collect();
    let real: Vec<&str> = real(tree, workspace).collect();
    let missing = real.iter().filter(|name| !drawn.contains(name));
    let unreal = drawn.iter().filter(|name| !real.contains(name));
    let missing = missing.map(|name| format!("{MAP}: the crate {name} is not on the map"));
    missing
        .chain(unreal.map(|name| format!("{MAP}: the map shows {name}, which does not exist")))
        .collect()
}

/// Our crates; what stands in `bench/` is a peer and no part of the house.
fn real<'a>(tree: &'a Tree, workspace: &'a Workspace) -> impl Iterator<Item = &'a str> {
    let names = workspace.ours().map(|package| package.name.as_str());
    names.filter(|name| {
        tree.holds(&format!("crates/{name}/Cargo.toml"))
            || tree.holds(&format!("{name}/Cargo.toml"))
    })
}

/// The crates of the table under `## The map`, whose second column is the name.
fn drawn(text: &str) -> impl Iterator<Item = &str> {
    let below = text
        .lines()
        .skip_while(|line| *line != "## The map")
        .skip(1);
    let lines = below.take_while(|line| !line.starts_with("## "));
    lines.filter_map(|line| {
        line.split('|')
            .nth(2)?
            .trim()
            .strip_prefix('`')?
            .strip_suffix('`')
    })
}

#[cfg(test)]
mod tests;
