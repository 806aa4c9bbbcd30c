//! Links that lead nowhere and maps that lie are found.

use super::*;

const DRAWING: &str = "\
# Architecture

## The map

| floor | crate | what it is |
|---|---|---|
| middle | `edge` | role |
| middle | `web` | role |
| beside | `xtask` | chores |

## Invariants
";

fn house() -> Workspace {
    Workspace::of(&[("edge", &[]), ("web", &[]), ("xtask", &[])])
}

fn found(files: &[(&str, &str)]) -> Vec<Finding> {
    let crates = [
        ("crates/edge/Cargo.toml", ""),
        ("crates/web/Cargo.toml", ""),
        ("xtask/Cargo.toml", ""),
    ];
    check(&Tree::of(&[&crates, files].concat()), &house())
}

#[test]
fn a_true_map_with_live_links_is_good() {
    let text = format!(
        "{DRAWING}[a](crates/edge/Cargo.toml) [b](#map) [c](https://example.org/x) [d](xtask)\n"
    );
    assert_eq!(
        found(&[
            (MAP, &text),
            ("docs/a.md", "[up](../ARCHITECTURE.md#map)\n")
        ]),
        Vec::<Finding>::new()
    );
}

#[test]
fn a_dead_link_is_found() {
    let found = found(&[
        (MAP, DRAWING),
        ("docs/a.md", "see [the page](nowhere.md)\n"),
    ]);
    assert_eq!(found, ["docs/a.md: the link `nowhere.md` leads nowhere"]);
}

#[test]
fn a_link_out_of_the_repository_is_found() {
    assert_eq!(
        found(&[(MAP, DRAWING), ("a.md", "[x](../other/file.md)\n")]).len(),
        1
    );
}

#[test]
fn a_crate_that_is_not_drawn_is_found() {
    let found = found(&[(MAP, &DRAWING.replace("| middle | `web` | role |\n", ""))]);
    assert_eq!(found, ["ARCHITECTURE.md: the crate web is not on the map"]);
}

#[test]
fn a_drawn_crate_that_does_not_exist_is_found() {
    let found = found(&[(
        MAP,
        &DRAWING.replace(
            "| middle | `web`",
            "| middle | `monitor` | role |\n| middle | `web`",
        ),
    )]);
    assert_eq!(
        found,
        ["ARCHITECTURE.md: the map shows monitor, which does not exist"]
    );
}

#[test]
fn a_missing_map_is_found() {
    assert_eq!(
        found(&[]),
        ["ARCHITECTURE.md: the map of the house is missing"]
    );
}
