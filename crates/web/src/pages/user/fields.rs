//! The fields of a user's form, as they were typed.

use school::Person;
use school::people::{PersonInput, PersonPatch};
use serde::Deserialize;

use crate::page::Page;

/// What the form sends.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) email: String,
    pub(super) username: String,
    pub(super) role: String,
    /// The version that was looked at; a new user has none.
    pub(super) version: Option<i64>,
}

/// A field that is stored otherwise than it was typed.
pub(super) struct Stored {
    pub(super) label: &'static str,
    pub(super) value: String,
}

impl Typed {
    /// A new person of these fields.
    pub(super) fn input(&self) -> PersonInput {
        PersonInput {
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            email: Some(self.email.clone()),
            username: Some(self.username.clone()),
            role: Some(self.role.clone()),
        }
    }

    /// The change that makes a person so; an empty field empties what may be empty.
    pub(super) fn patch(&self) -> PersonPatch {
        PersonPatch {
            first_name: Some(self.first_name.clone()),
            last_name: Some(self.last_name.clone()),
            email: Some(Some(self.email.clone())),
            username: Some(Some(self.username.clone())),
            role: Some(self.role.clone()),
            is_disabled: None,
        }
    }

    /// What is stored where something else was typed.
    pub(super) fn differences(&self, person: &Person, page: &Page) -> Vec<Stored> {
        let stored = Self::from(person);
        let fields = [
            ("user-first-name", &self.first_name, stored.first_name),
            ("user-last-name", &self.last_name, stored.last_name),
            ("account-email", &self.email, stored.email),
            ("account-username", &self.username, stored.username),
        ];
        let differ = fields
            .into_iter()
            .filter(|(_, typed, stored)| typed.trim() != stored);
        let mut differences: Vec<Stored> = differ
            .map(|(key, _, value)| Stored {
                label: page.t(key),
                value: shown(value, page),
            })
            .collect();
        if self.role != stored.role {
            let value = page.role(&person.role).to_owned();
            differences.push(Stored {
                label: page.t("user-role"),
                value,
            });
        }
        differences
    }
}

fn shown(value: String, page: &Page) -> String {
    if value.is_empty() {
        page.t("account-none").to_owned()
    } else {
        value
    }
}

impl From<&Person> for Typed {
    fn from(person: &Person) -> Self {
        Self {
            first_name: person.first_name.clone(),
            last_name: person.last_name.clone(),
            email: person.email.clone().unwrap_or_default(),
            username: person.username.clone().unwrap_or_default(),
            role: person.role.as_str().to_owned(),
            version: Some(person.version),
        }
    }
}
