//! The rules of deny.toml that need no network: licences, banned crates, who may use a driver.

mod expression;

use serde::Deserialize;

use super::Finding;
use crate::workspace::{Package, Workspace};

/// The parts of deny.toml that are read here; cargo-deny itself reads the rest.
#[derive(Deserialize)]
struct Deny {
    licenses: Licences,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

/// A crate that is refused, or bound to named dependents.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    /// The only crates that may depend on it directly.
    wrappers: Option<Vec<String>>,
    /// Allowed, but only in one version.
    #[serde(default)]
    deny_multiple_versions: bool,
    reason: Option<String>,
}

/// Each package that the file refuses.
pub(crate) fn check(workspace: &Workspace, deny: &str) -> Vec<Finding> {
    match toml::from_str::<Deny>(deny) {
        Err(error) => vec![format!("deny.toml: {}", error.message())],
        Ok(deny) => {
            let licences = workspace
                .packages
                .iter()
                .filter_map(|package| licence(package, &deny.licenses.allow));
            licences
                .chain(deny.bans.deny.iter().flat_map(|ban| banned(workspace, ban)))
                .collect()
        }
    }
}

fn licence(package: &Package, allow: &[String]) -> Option<Finding> {
    let name = format!("{} {}", package.name, package.version);
    let Some(licence) = &package.licence else {
        return Some(format!("deny.toml: {name} states no licence"));
    };
    (!expression::holds(licence, allow))
        .then(|| format!("deny.toml: {name} is under `{licence}`, which is not allowed"))
}

fn banned(workspace: &Workspace, ban: &Ban) -> Vec<Finding> {
    let reason = ban.reason.as_deref().unwrap_or("it is banned");
    let versions: Vec<&Package> = workspace
        .packages
        .iter()
        .filter(|package| package.name == ban.name)
        .collect();
    if ban.deny_multiple_versions {
        let listed: Vec<&str> = versions
            .iter()
            .map(|package| package.version.as_str())
            .collect();
        let many = listed.len() > 1;
        return many
            .then(|| {
                format!(
                    "deny.toml: {} is here in the versions {}: {reason}",
                    ban.name,
                    listed.join(", ")
                )
            })
            .into_iter()
            .collect();
    }
    match &ban.wrappers {
        None => versions
            .iter()
            .map(|package| {
                format!(
                    "deny.toml: {} {} is refused: {reason}",
                    package.name, package.version
                )
            })
            .collect(),
        Some(wrappers) => intruders(workspace, ban, wrappers, reason),
    }
}

/// Dependents that ship; a test may look at the database behind the store's back.
fn intruders(workspace: &Workspace, ban: &Ban, wrappers: &[String], reason: &str) -> Vec<Finding> {
    let dependents = workspace.packages.iter().filter(|package| {
        workspace
            .needs(package)
            .any(|(need, for_tests)| need.name == ban.name && !for_tests)
    });
    let intruders = dependents.filter(|package| !wrappers.contains(&package.name));
    intruders
        .map(|package| {
            format!(
                "deny.toml: {} may not depend on {}: {reason}",
                package.name, ban.name
            )
        })
        .collect()
}

#[cfg(test)]
mod tests;
