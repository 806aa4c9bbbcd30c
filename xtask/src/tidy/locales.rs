//! Every text of the pages exists in each language, with the same variables.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use crate::tree::Tree;

const LANGUAGES: &[&str] = &["en", "id"];

/// The messages of one file: key to the variables it uses.
type Messages = BTreeMap<String, BTreeSet<String>>;

/// Keys or variables that one language has and the other has not.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let files = tree
        .ending(".ftl")
        .filter_map(|(path, text)| Some((path, language(path)?, text)));
    files
        .flat_map(|(path, language, text)| differences(tree, path, language, &messages(text)))
        .collect()
}

/// The language that a path names as a folder (`id/pages.ftl`) or a file (`id.ftl`).
fn language(path: &str) -> Option<&'static str> {
    let mut words = path.trim_end_matches(".ftl").split('/');
    words.find_map(|word| {
        LANGUAGES
            .iter()
            .find(|language| **language == word)
            .copied()
    })
}

fn differences(tree: &Tree, path: &str, from: &str, messages: &Messages) -> Vec<Finding> {
    let others = LANGUAGES.iter().filter(|language| **language != from);
    others
        .flat_map(|to| {
            let other = path
                .replace(&format!("/{from}/"), &format!("/{to}/"))
                .replace(&format!("/{from}.ftl"), &format!("/{to}.ftl"));
            match tree.text(&other) {
                None => vec![format!("{other}: it is missing, and {path} is there")],
                Some(text) => missing(&other, path, messages, &self::messages(text)),
            }
        })
        .collect()
}

fn missing(other: &str, path: &str, wanted: &Messages, found: &Messages) -> Vec<Finding> {
    let wrong = wanted
        .iter()
        .filter_map(|(key, variables)| match found.get(key) {
            None => Some(format!("{other}: `{key}` is missing, and {path} has it")),
            Some(other_variables) if other_variables != variables => {
                Some(format!("{other}: `{key}` uses other variables than {path}"))
            }
            Some(_) => None,
        });
    wrong.collect()
}

/// Reads as much of Fluent as is needed: a key begins a line, its text goes on over indented ones.
fn messages(text: &str) -> Messages {
    let mut messages = Messages::new();
    let mut key = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, _)) = line
            .split_once('=')
            .filter(|_| !line.starts_with([' ', '\t', '}']))
        {
            name.trim().clone_into(&mut key);
            messages.entry(key.clone()).or_default();
        }
        if let Some(variables) = messages.get_mut(&key) {
            variables.extend(self::variables(line));
        }
    }
    messages
}

fn variables(line: &str) -> impl Iterator<Item = String> {
    line.split('$').skip(1).map(|rest| {
        rest.chars()
            .take_while(|letter| letter.is_alphanumeric() || "-_".contains(*letter))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(en: &str, id: &str) -> Vec<Finding> {
        check(&Tree::of(&[
            ("locales/en/pages.ftl", en),
            ("locales/id/pages.ftl", id),
        ]))
    }

    #[test]
    fn equal_keys_and_variables_are_good() {
        assert_eq!(
            found("a = Hi { $name }\n", "# kata\na =\n    Halo { $name }\n"),
            Vec::<Finding>::new()
        );
    }

    #[test]
    fn a_key_missing_in_either_language_is_found() {
        assert_eq!(
            found("a = A\nb = B\n", "a = A\n"),
            ["locales/id/pages.ftl: `b` is missing, and locales/en/pages.ftl has it"]
        );
        assert_eq!(found("a = A\n", "a = A\nb = B\n").len(), 1);
    }

    #[test]
    fn a_variable_that_is_lost_in_translation_is_found() {
        assert_eq!(found("a = Hi { $name }\n", "a = Halo\n").len(), 2);
    }

    #[test]
    fn a_file_without_its_twin_is_found() {
        let found = check(&Tree::of(&[("locales/en.ftl", "a = A\n")]));
        assert_eq!(
            found,
            ["locales/id.ftl: it is missing, and locales/en.ftl is there"]
        );
    }
}
