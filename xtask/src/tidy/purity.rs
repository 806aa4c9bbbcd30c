//! What a crate may not say in its source: I/O in the rules, SQL outside the store.

use super::Finding;
use super::size::product;
use crate::tree::Tree;

/// The folder, the words it must not hold, and why.
const RULES: &[(&str, &[&str], &str)] = &[
    (
        "crates/school/",
        &[
            "tokio::net",
            "tokio::fs",
            "std::fs",
            "std::net::Tcp",
            "std::net::Udp",
            "std::process",
        ],
        "the school does no I/O: use a port",
    ),
    (
        "crates/traffic/",
        &[
            "tokio::",
            "std::fs",
            "std::net::Tcp",
            "std::net::Udp",
            "std::process",
        ],
        "traffic is values only: the roles do the I/O",
    ),
    (
        "crates/web/",
        &["SELECT ", "INSERT INTO ", "DELETE FROM "],
        "SQL stands in the store alone",
    ),
    (
        "crates/edge/",
        &["SELECT ", "INSERT INTO ", "DELETE FROM "],
        "SQL stands in the store alone",
    ),
];

/// Each word in a place where it is ruled out; tests are free.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    RULES.iter().flat_map(|rule| broken(tree, rule)).collect()
}

fn broken(tree: &Tree, (folder, words, why): &(&str, &[&str], &str)) -> Vec<Finding> {
    let files = tree
        .ending(".rs")
        .filter(|(path, _)| path.starts_with(folder));
    let hits = files.flat_map(|(path, text)| {
        let code = product(path, text);
        words
            .iter()
            .filter(move |word| code.contains(**word))
            .map(move |word| (path, word))
    });
    hits.map(|(path, word)| format!("{path}: it says `{}`; {why}", word.trim()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn the_school_opens_no_file_and_no_socket() {
        assert_eq!(
            found(
                "crates/school/src/people.rs",
                "//! X.\nuse std::fs::File;\n"
            ),
            1
        );
        assert_eq!(
            found(
                "crates/school/src/people.rs",
                "//! X.\nuse tokio::net::TcpStream;\n"
            ),
            1
        );
        assert_eq!(
            found(
                "crates/school/src/people.rs",
                "//! X.\nuse std::net::IpAddr;\n"
            ),
            0
        );
    }

    #[test]
    fn sql_stands_in_the_store_alone() {
        let text = "//! X.\nconst A: &str = \"SELECT 1\";\n";
        assert_eq!(found("crates/web/src/api.rs", text), 1);
        assert_eq!(found("crates/store/src/people.rs", text), 0);
    }

    #[test]
    fn tests_are_free() {
        assert_eq!(
            found("crates/web/tests/it/main.rs", "//! X.\n// SELECT 1\n"),
            0
        );
    }
}
