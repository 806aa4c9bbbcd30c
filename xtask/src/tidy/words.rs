//! Words that no tracked file may hold: unfinished work, silenced checks, this machine's names.

use super::Finding;
use crate::tree::Tree;

/// The word in two halves (so that this file does not hold it), the kind of file, and why not.
const RULES: &[(&str, &str, &str, &str)] = &[
    ("TO", "DO", "", "do it now, or write it down as an issue"),
    ("FIX", "ME", "", "do it now, or write it down as an issue"),
    (
        "#[ig",
        "nore",
        ".rs",
        "a test that does not run proves nothing: mend or delete it",
    ),
    (
        "#[al",
        "low(",
        ".rs",
        "write `#[expect(…, reason = \"…\")]`, which tells when it is needed no more",
    ),
    (
        "#![al",
        "low(",
        ".rs",
        "write `#![expect(…, reason = \"…\")]`, which tells when it is needed no more",
    ),
    ("/wo", "rk/", "", "it is a path of one machine"),
    ("/ro", "ot/", "", "it is a path of one machine"),
    (
        "index.",
        "crates.io",
        "",
        "it names a registry's host: name the package",
    ),
    (
        "static.",
        "crates.io",
        "",
        "it names a registry's host: name the package",
    ),
    (
        "files.python",
        "hosted.org",
        "",
        "it names a registry's host: name the package",
    ),
    (
        "pypi",
        ".org",
        "",
        "it names a registry's host: name the package",
    ),
    (
        "registry.",
        "npmjs.org",
        "",
        "it names a registry's host: name the package",
    ),
    (
        "deb.",
        "debian.org",
        "",
        "it names a registry's host: name the package",
    ),
];

/// Each line with a ruled-out word.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.texts()
        .flat_map(|(path, text)| RULES.iter().flat_map(move |rule| broken(path, text, rule)))
        .collect()
}

fn broken(
    path: &str,
    text: &str,
    (left, right, ending, why): &(&str, &str, &str, &str),
) -> Vec<Finding> {
    let word = format!("{left}{right}");
    if !path.ends_with(ending) || !text.contains(&word) {
        return Vec::new();
    }
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| holds(line, &word));
    lines
        .map(|(at, _)| format!("{path}:{}: `{word}`: {why}", at + 1))
        .collect()
}

/// The word by itself: not as a part of a longer one.
fn holds(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let joined = |neighbour: Option<char>| neighbour.is_some_and(char::is_alphanumeric);
        let before =
            joined(line[..at].chars().next_back()) && word.starts_with(char::is_alphanumeric);
        let after =
            joined(line[at + word.len()..].chars().next()) && word.ends_with(char::is_alphanumeric);
        !before && !after
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ruled_out_word_is_found() {
        for (left, right, ending, _) in RULES {
            let text = format!("a line\nwith {left}{right} in it\n");
            let found = check(&Tree::of(&[(&format!("a{ending}"), &text)]));
            assert_eq!(found.len(), 1, "{left}{right}: {found:?}");
            assert!(found[0].contains(":2: "), "{found:?}");
        }
    }

    #[test]
    fn a_longer_word_is_another_word() {
        assert_eq!(
            check(&Tree::of(&[("a.txt", "MASTO\u{44}ONS\n")])),
            Vec::<Finding>::new()
        );
    }

    #[test]
    fn rust_rules_leave_prose_alone() {
        let text = concat!("`#[ig", "nore]` is not for us\n");
        assert_eq!(
            check(&Tree::of(&[("STYLE.md", text)])),
            Vec::<Finding>::new()
        );
    }
}
