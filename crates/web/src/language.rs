//! The languages of the pages: which one a reader gets, and its words, resolved once from the Fluent files.

mod choice;
mod table;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use fluent_bundle::FluentValue;
use serde::{Deserialize, Serialize};

use table::Table;

pub(crate) use choice::{COOKIE, PARAMETER, choose};

/// A language that every page speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Indonesian.
    #[default]
    Id,
    /// English.
    En,
}

/// Filled when the router is made, and only read from then on.
static TABLES: LazyLock<[Table; 2]> =
    LazyLock::new(|| Language::ALL.map(|language| Table::read(language.tag(), language.source())));

impl Language {
    /// Every language, the default first.
    pub const ALL: [Self; 2] = [Self::Id, Self::En];

    /// Its tag in `lang` attributes, headers and cookies (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::En => "en",
        }
    }

    /// The language with this tag, whatever its case and region: `en-GB` is `en`.
    pub fn find(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or(tag).trim();
        Self::ALL
            .into_iter()
            .find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// Reads every file, so that the first visitor does not wait for it.
    pub(crate) fn prepare() {
        LazyLock::force(&TABLES);
    }

    /// The words under `key`, or the key itself, which a test proves never to happen for keys written in the source.
    pub(crate) fn word(self, key: &'static str) -> &'static str {
        self.find_word(key).unwrap_or(key)
    }

    /// The words under a key that is put together at run time.
    pub(crate) fn find_word(self, key: &str) -> Option<&'static str> {
        self.table().find(key)
    }

    /// A sentence with values in it.
    pub(crate) fn sentence<const N: usize>(
        self,
        key: &'static str,
        values: [(&'static str, FluentValue<'_>); N],
    ) -> String {
        self.find_sentence(key, values)
            .unwrap_or_else(|| key.to_owned())
    }

    /// As [`Self::sentence`], under a key that is put together at run time.
    pub(crate) fn find_sentence<const N: usize>(
        self,
        key: &str,
        values: [(&'static str, FluentValue<'_>); N],
    ) -> Option<String> {
        self.table().fill(key, &values.into_iter().collect())
    }

    /// A whole number, its thousands apart.
    pub(crate) fn number(self, number: u64) -> String {
        let digits = number.to_string();
        let mut text = String::with_capacity(digits.len() + digits.len() / 3);
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push_str(self.word("number-group"));
            }
            text.push(digit);
        }
        text
    }

    fn table(self) -> &'static Table {
        &TABLES[self as usize]
    }

    fn source(self) -> &'static str {
        match self {
            Self::Id => include_str!("../locales/id.ftl"),
            Self::En => include_str!("../locales/en.ftl"),
        }
    }
}
