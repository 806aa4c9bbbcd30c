//! What is said of a person from outside, and the checked form that operations take.

use serde::Deserialize;

use crate::field::{FieldError, FieldErrors, text};
use crate::people::{Person, parse_email, parse_username};
use crate::role::Role;
use crate::time::Timestamp;

const MOST_NAME: usize = 100;

/// A new person as JSON or a form gives them; empty optional texts count as absent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonInput {
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Username.
    pub username: Option<String>,
    /// `admin`, `staff` or `member`; a member if absent.
    pub role: Option<String>,
}

/// A checked new person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPerson {
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) email: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) role: Role,
}

/// Changes to a person: an absent field stays, `null` (`Some(None)`) empties it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonPatch {
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// E-mail address.
    pub email: Option<Option<String>>,
    /// Username.
    pub username: Option<Option<String>>,
    /// Role.
    pub role: Option<String>,
    /// Whether they are kept from signing in.
    pub is_disabled: Option<bool>,
}

impl PersonInput {
    /// Checks every field; all faults are told together.
    pub fn check(&self) -> Result<NewPerson, FieldErrors> {
        let mut errors = FieldErrors::default();
        let first_name = errors.take(text("first_name", &self.first_name, MOST_NAME));
        let last_name = errors.take(text("last_name", &self.last_name, MOST_NAME));
        let email = errors.take(optional(self.email.as_deref(), parse_email));
        let username = errors.take(optional(self.username.as_deref(), parse_username));
        let role = errors.take(
            self.role
                .as_deref()
                .filter(|role| !role.is_empty())
                .map_or(Ok(Role::Member), Role::parse),
        );
        match (first_name, last_name, email, username, role) {
            (Some(first_name), Some(last_name), Some(email), Some(username), Some(role)) => {
                Ok(NewPerson {
                    first_name,
                    last_name,
                    email,
                    username,
                    role,
                })
            }
            _ => Err(errors),
        }
    }
}

impl NewPerson {
    /// The role asked for.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The person as stored; the store gives the id.
    pub(crate) fn into_person(self, at: Timestamp) -> Person {
        Person {
            id: 0,
            first_name: self.first_name,
            last_name: self.last_name,
            email: self.email,
            username: self.username,
            role: self.role,
            is_disabled: false,
            has_password: false,
            must_change_password: false,
            created_at: at,
            updated_at: at,
            version: 1,
        }
    }
}

impl PersonPatch {
    /// The person after the changes, with the next version; all faults are told together.
    pub fn apply(&self, person: &Person, at: Timestamp) -> Result<Person, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut next = Person {
            updated_at: at,
            version: person.version + 1,
            ..person.clone()
        };
        if let Some(name) = &self.first_name {
            next.first_name = errors
                .take(text("first_name", name, MOST_NAME))
                .unwrap_or_default();
        }
        if let Some(name) = &self.last_name {
            next.last_name = errors
                .take(text("last_name", name, MOST_NAME))
                .unwrap_or_default();
        }
        if let Some(email) = &self.email {
            next.email = errors
                .take(optional(email.as_deref(), parse_email))
                .flatten();
        }
        if let Some(username) = &self.username {
            next.username = errors
                .take(optional(username.as_deref(), parse_username))
                .flatten();
        }
        if let Some(role) = &self.role {
            next.role = errors.take(Role::parse(role)).unwrap_or(next.role);
        }
        next.is_disabled = self.is_disabled.unwrap_or(next.is_disabled);
        errors.none().map(|()| next)
    }
}

fn optional(
    raw: Option<&str>,
    parse: fn(&str) -> Result<String, FieldError>,
) -> Result<Option<String>, FieldError> {
    raw.filter(|raw| !raw.trim().is_empty())
        .map(parse)
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(first_name: &str, last_name: &str) -> PersonInput {
        PersonInput {
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            ..PersonInput::default()
        }
    }

    #[test]
    fn every_fault_is_told_at_once_one_a_field() {
        let bad = PersonInput {
            email: Some("x".to_owned()),
            role: Some("king".to_owned()),
            ..input("", "\u{7}x")
        };
        let fields: Vec<_> = bad
            .check()
            .unwrap_err()
            .0
            .iter()
            .map(|error| error.field)
            .collect();
        assert_eq!(fields, ["first_name", "last_name", "email", "role"]);
    }

    #[test]
    fn a_member_is_made_unless_a_role_is_named() {
        assert_eq!(input("Ani", "Budi").check().unwrap().role(), Role::Member);
    }

    #[test]
    fn a_patch_changes_what_it_names_and_counts_the_version() {
        let person = PersonInput {
            email: Some("a@b.co".to_owned()),
            ..input("Ani", "Budi")
        }
        .check()
        .unwrap()
        .into_person(Timestamp(1));
        let patch = PersonPatch {
            last_name: Some(" Citra ".to_owned()),
            email: Some(None),
            ..PersonPatch::default()
        };
        let next = patch.apply(&person, Timestamp(2)).unwrap();
        assert_eq!(
            (next.last_name.as_str(), next.email.as_deref(), next.version),
            ("Citra", None, 2)
        );
        assert_eq!(
            (next.first_name, next.created_at),
            (person.first_name, person.created_at)
        );
    }
}
