//! Each floor is broken once, and the break is found.

use super::*;

fn check_of(table: &[(&str, &[&str])]) -> Vec<Finding> {
    check(&Workspace::of(table))
}

#[test]
fn the_design_stands() {
    let table: &[(&str, &[&str])] = &[
        ("pendopo", &["edge", "web", "store", "school", "testkit?"]),
        ("edge", &["traffic", "lifecycle", "testkit?"]),
        ("web", &["school", "traffic", "store?"]),
        ("store", &["school"]),
        ("school", &["testkit?"]),
        ("traffic", &[]),
        ("lifecycle", &[]),
        ("testkit", &[]),
    ];
    assert_eq!(check_of(table), Vec::<Finding>::new());
}

#[test]
fn a_role_may_not_see_another_role() {
    let found = check_of(&[("edge", &["web"]), ("web", &[])]);
    assert_eq!(
        found,
        ["crate edge (roles) may not depend on web: move the shared part a floor down"]
    );
}

#[test]
fn a_role_may_not_see_an_adapter() {
    let found = check_of(&[("web", &["store"]), ("store", &[])]);
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn an_adapter_may_not_see_a_role_nor_another_adapter() {
    let found = check_of(&[
        ("store", &["web", "store-redis"]),
        ("web", &[]),
        ("store-redis", &[]),
    ]);
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn the_bottom_floor_has_no_neighbours() {
    let found = check_of(&[("school", &["traffic"]), ("traffic", &[])]);
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn the_testkit_is_for_tests_alone() {
    let found = check_of(&[("web", &["testkit"]), ("testkit", &[])]);
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn nothing_but_the_binary_stands_on_top() {
    let found = check_of(&[("xtask", &["school"]), ("school", &[])]);
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn a_new_crate_needs_a_floor() {
    let found = check_of(&[("attic", &[])]);
    assert_eq!(
        found,
        ["crate attic stands on no floor: add it to the table in xtask/src/tidy/floors.rs"]
    );
}

#[test]
fn a_driver_behind_a_library_does_not_reach_the_rules() {
    let mut workspace = Workspace::of(&[
        ("school", &["library"]),
        ("library", &["rusqlite"]),
        ("rusqlite", &[]),
    ]);
    workspace.packages[1].ours = false;
    workspace.packages[2].ours = false;
    assert_eq!(
        check(&workspace),
        ["crate school reaches rusqlite, and does no I/O by design: use a port"]
    );
}
