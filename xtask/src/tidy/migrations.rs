//! Every migration has its line in the lock, whose checksums a test of the store compares.

use std::collections::BTreeSet;

use super::Finding;
use crate::tree::Tree;

const FOLDER: &str = "crates/store/migrations/";
const LOCK: &str = "crates/store/migrations.lock";

/// Migrations without a line, lines without a migration, numbers with a gap.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(lock) = tree.text(LOCK) else {
        return vec![format!(
            "{LOCK}: it is missing, so that nobody sees a migration change"
        )];
    };
    let files = tree
        .ending(".sql")
        .filter_map(|(path, _)| path.strip_prefix(FOLDER)?.split('.').next());
    let files: BTreeSet<&str> = files.collect();
    let locked: Vec<&str> = lock
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    let unlocked = files.iter().filter(|name| !locked.contains(name));
    let unlocked = unlocked.map(|name| format!("{LOCK}: the migration {name} has no line"));
    let lost = locked.iter().filter(|name| !files.contains(**name));
    let lost =
        lost.map(|name| format!("{LOCK}: the migration {name} is gone; a released one stays"));
    unlocked.chain(lost).chain(gaps(&locked)).collect()
}

fn gaps(locked: &[&str]) -> Vec<Finding> {
    let numbered = locked
        .iter()
        .zip(1..)
        .filter(|(name, number)| !name.starts_with(&format!("{number:04}_")));
    numbered
        .map(|(name, number)| format!("{LOCK}: {name} stands where number {number:04} belongs"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[&str], lock: &str) -> usize {
        let paths: Vec<String> = files.iter().map(|name| format!("{FOLDER}{name}")).collect();
        let mut tree: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), "")).collect();
        tree.push((LOCK, lock));
        check(&Tree::of(&tree)).len()
    }

    #[test]
    fn each_migration_has_its_line() {
        let files = [
            "0001_school.sql",
            "0001_school.sqlite.sql",
            "0002_cards.sql",
        ];
        assert_eq!(found(&files, "0001_school ab12\n0002_cards cd34\n"), 0);
        assert_eq!(found(&files, "0001_school ab12\n"), 1);
    }

    #[test]
    fn a_migration_does_not_go_away() {
        assert_eq!(
            found(&["0001_school.sql"], "0001_school ab12\n0002_cards cd34\n"),
            1
        );
    }

    #[test]
    fn numbers_have_no_gap() {
        assert_eq!(
            found(
                &["0001_school.sql", "0003_cards.sql"],
                "0001_school ab12\n0003_cards cd34\n"
            ),
            1
        );
    }

    #[test]
    fn a_missing_lock_is_found() {
        assert_eq!(check(&Tree::of(&[])).len(), 1);
    }
}
