//! What cargo knows of the packages, reduced to what the checks ask for.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Node, NodeDep, PackageId};

use crate::program::{cargo, output};

/// All packages of the lock file, ours and others'.
pub(crate) struct Workspace {
    pub(crate) packages: Vec<Package>,
}

/// One package in one version.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// An SPDX expression.
    pub(crate) licence: Option<String>,
    pub(crate) ours: bool,
    /// Direct dependencies, as places in `Workspace::packages`.
    pub(crate) needs: Vec<Need>,
}

/// One edge of the graph.
pub(crate) struct Need {
    pub(crate) package: usize,
    /// Needed by tests alone.
    pub(crate) for_tests: bool,
}

impl Workspace {
    /// Asks cargo; reaches no network once the packages are here.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let metadata = MetadataCommand::new().current_dir(root).exec();
        Self::from_metadata(
            &metadata.context("asking cargo for the packages")?,
            &built(root)?,
        )
    }

    /// The packages of this repository.
    pub(crate) fn ours(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.ours)
    }

    /// The direct dependencies of a package, each with whether only its tests need it.
    pub(crate) fn needs<'a>(
        &'a self,
        package: &'a Package,
    ) -> impl Iterator<Item = (&'a Package, bool)> {
        package
            .needs
            .iter()
            .map(|need| (&self.packages[need.package], need.for_tests))
    }

    fn from_metadata(metadata: &Metadata, built: &HashSet<String>) -> Result<Self> {
        let resolve = metadata
            .resolve
            .as_ref()
            .context("cargo resolved nothing")?;
        let described = resolve
            .nodes
            .iter()
            .map(|node| Ok((node, about(metadata, node)?)));
        let mut described: Vec<_> = described.collect::<Result<_>>()?;
        described
            .retain(|(_, about)| built.contains(&format!("{} v{}", about.name, about.version)));
        let place = |id: &PackageId| described.iter().position(|(node, _)| node.id == *id);
        let ours = |id: &PackageId| metadata.workspace_members.contains(id);
        let packages = described.iter().map(|(node, about)| Package {
            name: about.name.to_string(),
            version: about.version.to_string(),
            licence: about.license.clone(),
            ours: ours(&node.id),
            needs: needs(node, &place),
        });
        Ok(Self {
            packages: packages.collect(),
        })
    }
}

/// What is really built, on any platform, as `name vVERSION`: metadata also lists optional packages that
/// no feature asks for.
fn built(root: &Path) -> Result<HashSet<String>> {
    let all = [
        "tree",
        "--workspace",
        "--target",
        "all",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ];
    let lines = output(cargo(root).args(all))?;
    let words = lines
        .lines()
        .map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "));
    Ok(words.collect())
}

fn about<'a>(metadata: &'a Metadata, node: &Node) -> Result<&'a cargo_metadata::Package> {
    let about = metadata
        .packages
        .iter()
        .find(|package| package.id == node.id);
    about.with_context(|| format!("cargo does not describe {}", node.id))
}

fn needs(node: &Node, place: &dyn Fn(&PackageId) -> Option<usize>) -> Vec<Need> {
    let edges = node
        .deps
        .iter()
        .filter_map(|edge| Some((edge, place(&edge.pkg)?)));
    let for_tests = |edge: &NodeDep| {
        edge.dep_kinds
            .iter()
            .all(|kind| kind.kind == DependencyKind::Development)
    };
    edges
        .map(|(edge, package)| Need {
            package,
            for_tests: for_tests(edge),
        })
        .collect()
}

#[cfg(test)]
impl Workspace {
    /// A workspace of packages that are ours, with `name: needs…`; a need with a `?` is for tests alone.
    pub(crate) fn of(table: &[(&str, &[&str])]) -> Self {
        let place = |name: &str| {
            table
                .iter()
                .position(|row| row.0 == name)
                .expect("each need has a row")
        };
        let packages = table.iter().map(|(name, needs)| Package {
            name: (*name).to_owned(),
            version: "1.0.0".to_owned(),
            licence: Some("MIT".to_owned()),
            ours: true,
            needs: needs
                .iter()
                .map(|need| Need {
                    package: place(need.trim_end_matches('?')),
                    for_tests: need.ends_with('?'),
                })
                .collect(),
        });
        Self {
            packages: packages.collect(),
        }
    }
}
