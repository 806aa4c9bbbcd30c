//! No file keeps the marks of a merge that was not finished.

use super::Finding;
use crate::tree::Tree;

/// What git begins its marks with, seven times.
const SIGNS: [char; 3] = ['<', '|', '>'];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let marked = tree.texts().flat_map(|(path, text)| {
        let lines = (1_usize..).zip(text.lines());
        let marked = lines.filter(|(_, line)| is_mark(line));
        marked.map(move |(number, _)| {
            format!("{path}:{number}: a mark of a conflict: finish the merge")
        })
    });
    marked.collect()
}

/// The line between both sides is left out: some formats underline a title like that, and it never stands alone.
fn is_mark(line: &str) -> bool {
    SIGNS.iter().any(|sign| {
        let rest = line.trim_start_matches(*sign);
        line.len() - rest.len() == 7 && (rest.is_empty() || rest.starts_with(' '))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As git writes it, where both sides changed a line.
    fn conflict() -> String {
        let mark = |sign: &str, words: &str| format!("{}{words}\n", sign.repeat(7));
        [
            "before\n".to_owned(),
            mark("<", " HEAD"),
            "ours\n".to_owned(),
            mark("|", ""),
            "both\n".to_owned(),
            mark("=", ""),
            "theirs\n".to_owned(),
            mark(">", " 1234567 (edge: change a line)"),
        ]
        .concat()
    }

    #[test]
    fn every_mark_is_found_in_any_kind_of_file() {
        let text = conflict();
        for path in ["Cargo.lock", "docs/a.md", "crates/web/locales/id.ftl"] {
            let found = check(&Tree::of(&[(path, &text)]));
            let places: Vec<_> = found
                .iter()
                .filter_map(|line| line.split(": ").next())
                .collect();
            let expected = [2, 4, 8].map(|number| format!("{path}:{number}"));
            assert_eq!(places, expected);
        }
    }

    #[test]
    fn what_only_looks_like_a_mark_is_none() {
        let title = format!("Title\n{}\n", "=".repeat(7));
        let longer = format!("{}\n{}x\n", ">".repeat(8), "<".repeat(7));
        let inside = format!("let text = \"{} HEAD\";\n", "<".repeat(7));
        for text in [title, longer, inside] {
            assert_eq!(check(&Tree::of(&[("a.md", &text)])), Vec::<Finding>::new());
        }
    }
}
