//! The people of the school, their accounts, and what may be done to them.

mod check;
mod operations;
mod port;
mod username;

use std::borrow::Cow;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::field::FieldError;
use crate::password;
use crate::role::Role;
use crate::store_error::StoreError;
use crate::time::Timestamp;

pub use check::{NewPerson, PersonInput, PersonPatch};
pub use operations::{
    ChosenPassword, PeopleError, create, delete, find, list, set_one_time_password, set_password,
    update,
};
pub use port::{Credentials, PeopleQuery, PeopleStore};
pub use username::{login_key, parse_email, parse_username};

/// A person's number.
pub type PersonId = i64;

/// A person as the school knows them; the password is never part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their number.
    pub id: PersonId,
    /// First name: 1 to 100 characters.
    pub first_name: String,
    /// Last name: 1 to 100 characters.
    pub last_name: String,
    /// E-mail address, unique whatever its case.
    pub email: Option<String>,
    /// Name to sign in with, unique whatever its case, for those without an address.
    pub username: Option<String>,
    /// What they are to the school.
    pub role: Role,
    /// Whether they may not sign in any more, nor their tokens be used.
    pub is_disabled: bool,
    /// Whether they can sign in at all.
    pub has_password: bool,
    /// Whether the password was made by somebody else and must be changed first.
    pub must_change_password: bool,
    /// When they were added.
    pub created_at: Timestamp,
    /// When they were last changed.
    pub updated_at: Timestamp,
    /// Counts changes from 1; it is the entity tag on the API.
    pub version: i64,
}

/// What the audit trail shows of a person: all but the number, which stands beside it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Picture<'a> {
    first_name: Cow<'a, str>,
    last_name: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<Cow<'a, str>>,
    role: Role,
    is_disabled: bool,
    must_change_password: bool,
    has_password: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: i64,
}

impl Person {
    /// The person's whole name.
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    /// Refuses a password that is too weak for this person, whose own names count as common words.
    pub(crate) fn check_password(&self, password: &SecretString) -> Result<(), FieldError> {
        let name = self.name();
        let names = [
            name.as_str(),
            self.email.as_deref().unwrap_or_default(),
            self.username.as_deref().unwrap_or_default(),
        ];
        password::check(password, &names)
    }

    pub(crate) fn picture(&self) -> Picture<'_> {
        Picture {
            first_name: Cow::from(&self.first_name),
            last_name: Cow::from(&self.last_name),
            email: self.email.as_deref().map(Cow::from),
            username: self.username.as_deref().map(Cow::from),
            role: self.role,
            is_disabled: self.is_disabled,
            must_change_password: self.must_change_password,
            has_password: self.has_password,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        }
    }

    /// The person as the trail pictured them: the answer to a repeated request.
    pub(crate) fn from_picture(id: PersonId, json: &str) -> Result<Self, StoreError> {
        let picture: Picture<'_> =
            serde_json::from_str(json).map_err(|error| StoreError::Corrupt(Box::new(error)))?;
        Ok(Self {
            id,
            first_name: picture.first_name.into_owned(),
            last_name: picture.last_name.into_owned(),
            email: picture.email.map(Cow::into_owned),
            username: picture.username.map(Cow::into_owned),
            role: picture.role,
            is_disabled: picture.is_disabled,
            has_password: picture.has_password,
            must_change_password: picture.must_change_password,
            created_at: picture.created_at,
            updated_at: picture.updated_at,
            version: picture.version,
        })
    }
}
