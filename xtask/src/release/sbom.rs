//! The bill of materials: every package in the binary, as `CycloneDX` 1.6 wants it, from cargo and its lock file.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::workspace::{Package, Workspace};

/// The lock file, as far as checksums go.
#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

/// The bill's text.
pub(super) fn text(workspace: &Workspace, lock: &str) -> Result<String> {
    let lock: Lock = toml::from_str(lock).context("Cargo.lock is no lock file")?;
    let checksums: BTreeMap<String, String> = lock
        .package
        .into_iter()
        .filter_map(|locked| {
            let reference = reference(&locked.name, &locked.version);
            Some((reference, locked.checksum?))
        })
        .collect();
    let program = workspace
        .ours()
        .find(|package| package.name == "pendopo")
        .context("there is no package `pendopo`")?;
    let linked = linked(workspace, program);
    let parts = linked.iter().filter(|(name, _)| **name != of(program));
    let components: Vec<Value> = parts
        .map(|(name, package)| component("library", package, checksums.get(name)))
        .collect();
    let dependencies: Vec<Value> = linked
        .values()
        .map(|package| needed(workspace, package))
        .collect();
    let bill = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": component("application", program, None) },
        "components": components,
        "dependencies": dependencies,
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&bill)?))
}

/// A package's name in every bill: its package URL.
fn reference(name: &str, version: &str) -> String {
    format!("pkg:cargo/{name}@{version}")
}

fn of(package: &Package) -> String {
    reference(&package.name, &package.version)
}

/// Everything that the program is built from, itself among it; what only tests need is not.
fn linked<'a>(workspace: &'a Workspace, program: &'a Package) -> BTreeMap<String, &'a Package> {
    let mut found = BTreeMap::from([(of(program), program)]);
    let mut waiting = vec![program];
    while let Some(package) = waiting.pop() {
        for (needed, for_tests) in workspace.needs(package) {
            if !for_tests && found.insert(of(needed), needed).is_none() {
                waiting.push(needed);
            }
        }
    }
    found
}

fn component(kind: &str, package: &Package, checksum: Option<&String>) -> Value {
    let mut value = json!({
        "type": kind,
        "bom-ref": of(package),
        "name": package.name,
        "version": package.version,
        "purl": of(package),
    });
    if let Some(licence) = &package.licence {
        // Some still write a slash, which is an older way to say "or".
        value["licenses"] = json!([{ "expression": licence.replace('/', " OR ") }]);
    }
    if let Some(checksum) = checksum {
        value["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    value
}

fn needed(workspace: &Workspace, package: &Package) -> Value {
    let needed = workspace.needs(package);
    let needed: BTreeSet<String> = needed
        .filter(|(_, for_tests)| !for_tests)
        .map(|(package, _)| of(package))
        .collect();
    json!({ "ref": of(package), "dependsOn": needed })
}
