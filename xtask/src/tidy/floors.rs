//! The three floors: who of our crates may depend on whom.

use super::Finding;
use crate::workspace::{Package, Workspace};

/// A floor, its crates, and the crates of ours that these may depend on.
struct Floor {
    name: &'static str,
    crates: &'static [&'static str],
    may_need: &'static [&'static str],
    /// Allowed besides, to tests alone.
    tests_may_need: &'static [&'static str],
}

const BOTTOM: &[&str] = &["lifecycle", "school", "traffic"];
const ROLES: &[&str] = &["edge", "monitor", "web"];
const ADAPTERS: &[&str] = &["store", "store-mongo", "store-redis"];

const FLOORS: &[Floor] = &[
    Floor {
        name: "top",
        crates: &["pendopo"],
        may_need: &[
            "edge",
            "lifecycle",
            "monitor",
            "school",
            "store",
            "store-mongo",
            "store-redis",
            "traffic",
            "web",
        ],
        tests_may_need: &["testkit"],
    },
    Floor {
        name: "roles",
        crates: ROLES,
        may_need: BOTTOM,
        tests_may_need: &["store", "testkit"],
    },
    Floor {
        name: "adapters",
        crates: ADAPTERS,
        may_need: BOTTOM,
        tests_may_need: &["store", "testkit"],
    },
    Floor {
        name: "bottom",
        crates: BOTTOM,
        may_need: &[],
        tests_may_need: &["testkit"],
    },
    Floor {
        name: "beside",
        crates: &["testkit", "xtask", "rig"],
        may_need: &[],
        tests_may_need: &[],
    },
];

/// Libraries that would bring I/O, HTTP or a driver into the crates that hold only rules.
const FOREIGN_TO_RULES: &[&str] = &[
    "axum",
    "deadpool-postgres",
    "h2",
    "hyper",
    "mongodb",
    "redis",
    "rusqlite",
    "rustls",
    "tokio-postgres",
    "tokio-rustls",
];

/// Each dependency that leaves its floor the wrong way.
pub(crate) fn check(workspace: &Workspace) -> Vec<Finding> {
    let ours = workspace.ours().flat_map(|package| match floor(package) {
        None => vec![format!(
            "crate {} stands on no floor: add it to the table in xtask/src/tidy/floors.rs",
            package.name
        )],
        Some(floor) => wrong_needs(workspace, package, floor),
    });
    ours.chain(impure(workspace)).collect()
}

fn floor(package: &Package) -> Option<&'static Floor> {
    FLOORS
        .iter()
        .find(|floor| floor.crates.contains(&package.name.as_str()))
}

fn wrong_needs(workspace: &Workspace, package: &Package, floor: &Floor) -> Vec<Finding> {
    let ours = workspace.needs(package).filter(|(need, _)| need.ours);
    let wrong = ours.filter(|(need, for_tests)| {
        let name = need.name.as_str();
        !(floor.may_need.contains(&name) || *for_tests && floor.tests_may_need.contains(&name))
    });
    wrong
        .map(|(need, _)| {
            format!(
                "crate {} ({}) may not depend on {}: move the shared part a floor down",
                package.name, floor.name, need.name
            )
        })
        .collect()
}

fn impure(workspace: &Workspace) -> Vec<Finding> {
    let rules = workspace
        .ours()
        .filter(|package| ["school", "traffic"].contains(&package.name.as_str()));
    let foreign = |package: &Package| {
        let reached = reached(workspace, package);
        let foreign = reached
            .into_iter()
            .filter(|name| FOREIGN_TO_RULES.contains(name));
        foreign
            .map(|name| {
                format!(
                    "crate {} reaches {name}, and does no I/O by design: use a port",
                    package.name
                )
            })
            .collect::<Vec<_>>()
    };
    rules.flat_map(foreign).collect()
}

/// The names of everything that a package is built with, tests apart.
fn reached<'a>(workspace: &'a Workspace, package: &'a Package) -> Vec<&'a str> {
    let mut names = Vec::new();
    let mut open = vec![package];
    while let Some(next) = open.pop() {
        for (need, for_tests) in workspace.needs(next) {
            if !for_tests && !names.contains(&need.name.as_str()) {
                names.push(&need.name);
                open.push(need);
            }
        }
    }
    names
}

#[cfg(test)]
mod tests;
