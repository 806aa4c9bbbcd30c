//! Both languages say the same things, and all that the pages say.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use school::FieldError;

use super::Language;

/// What a key begins with that is put together at run time.
const JOINED: [&str; 12] = [
    "action-", "actor-", "error-", "fact-", "fault-", "field-", "notice-", "part-", "reason-",
    "month-", "role-", "value-",
];

fn keys(language: Language) -> BTreeSet<String> {
    let lines = language.source().lines();
    lines
        .filter(|line| !line.starts_with(['#', ' ', '}']))
        .filter_map(|line| line.split_once(" ="))
        .map(|(key, _)| key.to_owned())
        .collect()
}

/// Every text in quotes in the templates and the source that looks like a key.
fn quoted() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = BTreeSet::new();
    for folder in ["src", "templates"] {
        read(&root.join(folder), &mut texts);
    }
    texts
}

fn read(folder: &Path, texts: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, texts);
        } else {
            let text = fs::read_to_string(&path).unwrap();
            texts.extend(text.split('"').map(str::to_owned));
        }
    }
}

/// The keys that the templates and the source ask for by name.
fn asked() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut asked = BTreeSet::new();
    for folder in ["src", "templates"] {
        collect(&root.join(folder), &mut asked);
    }
    asked
}

fn collect(folder: &Path, asked: &mut BTreeSet<String>) {
    const CALLS: [&str; 3] = [".t(\"", ".word(\"", ".sentence(\""];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, asked);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let calls = CALLS.iter().flat_map(|call| text.split(call).skip(1));
        asked.extend(
            calls
                .filter_map(|rest| rest.split('"').next())
                .map(str::to_owned),
        );
    }
}

#[test]
fn both_languages_have_the_same_keys() {
    assert_eq!(keys(Language::Id), keys(Language::En));
}

#[test]
fn every_key_that_is_asked_for_has_words() {
    let asked = asked();
    assert!(
        asked.len() > 100,
        "only {} keys were found: has the way of asking changed?",
        asked.len()
    );
    for language in Language::ALL {
        let missing: Vec<_> = asked
            .iter()
            .filter(|key| !language.table().has(key))
            .collect();
        assert!(missing.is_empty(), "{}: {missing:?}", language.tag());
    }
}

#[test]
fn every_key_is_used() {
    let quoted = quoted();
    let is_joined = |key: &str| JOINED.iter().any(|start| key.starts_with(start));
    let idle: Vec<_> = keys(Language::Id)
        .into_iter()
        .filter(|key| !quoted.contains(key) && !is_joined(key))
        .collect();
    assert!(idle.is_empty(), "{idle:?}");
}

#[test]
fn every_key_can_be_said() {
    for language in Language::ALL {
        for key in keys(language) {
            assert!(language.table().has(&key), "{key} in {}", language.tag());
        }
    }
}

#[test]
fn every_rule_of_a_field_has_words() {
    for language in Language::ALL {
        let codes = language
            .source()
            .lines()
            .filter_map(|line| line.strip_prefix("fault-")?.split_once(" ="));
        for (code, _) in codes.filter(|(code, _)| !["other", "password_again"].contains(code)) {
            let rule = FieldError::new("field", Box::leak(code.into()));
            assert_ne!(
                rule.text(),
                "is not valid",
                "the school has no rule `{code}`"
            );
        }
    }
}

#[test]
fn numbers_and_plurals_follow_the_language() {
    assert_eq!(Language::Id.number(1_234_567), "1.234.567");
    assert_eq!(Language::En.number(1_234_567), "1,234,567");
    assert_eq!(Language::En.number(100), "100");
    let count = |language: Language, count: u64| {
        language.sentence(
            "users-count",
            [
                ("count", count.into()),
                ("shown", language.number(count).into()),
            ],
        )
    };
    assert_eq!(count(Language::En, 1), "One user");
    assert_eq!(count(Language::En, 2000), "2,000 users");
    assert_eq!(count(Language::Id, 1), "1 pengguna");
}
