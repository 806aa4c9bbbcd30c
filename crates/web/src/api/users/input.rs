//! What the API takes to add or change a user.

use school::people::{NewPerson, PersonInput, PersonPatch};
use school::{FieldError, FieldErrors};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::api::schema::RoleWord;

/// A new user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUser {
    /// First name; spaces around it are dropped.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$",
        example = "Ani"
    )]
    first_name: String,
    /// Last name; spaces around it are dropped.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$",
        example = "Budi"
    )]
    last_name: String,
    /// E-mail address, unique whatever its case.
    #[schema(format = Email, max_length = 254, example = "ani@sekolah.example")]
    email: Option<String>,
    /// Name to sign in with, unique whatever its case.
    #[schema(pattern = "^[A-Za-z0-9._-]{3,64}$", example = "ani")]
    username: Option<String>,
    /// What the user is to the school; a member if absent.
    #[schema(value_type = Option<RoleWord>)]
    role: Option<String>,
}

/// Changes to a user; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserPatch {
    /// First name.
    #[serde(default, deserialize_with = "present")]
    #[schema(
        value_type = String,
        required = false,
        min_length = 1,
        max_length = 100,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$",
        example = "Ani"
    )]
    first_name: Option<Option<String>>,
    /// Last name.
    #[serde(default, deserialize_with = "present")]
    #[schema(
        value_type = String,
        required = false,
        min_length = 1,
        max_length = 100,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$",
        example = "Citra"
    )]
    last_name: Option<Option<String>>,
    /// E-mail address; `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = Email, max_length = 254)]
    email: Option<Option<String>>,
    /// Name to sign in with; `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9._-]{3,64}$")]
    username: Option<Option<String>>,
    /// What the user is to the school.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = RoleWord, required = false)]
    role: Option<Option<String>>,
    /// Whether the user is kept from signing in; `true` ends their sessions.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = bool, required = false)]
    is_disabled: Option<Option<bool>>,
}

/// Tells `null` (`Some(None)`) from absence (`None`).
fn present<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

impl NewUser {
    pub(super) fn check(self) -> Result<NewPerson, FieldErrors> {
        let input = PersonInput {
            first_name: self.first_name,
            last_name: self.last_name,
            email: self.email,
            username: self.username,
            role: self.role,
        };
        input.check()
    }
}

impl UserPatch {
    /// Refuses to remove what everybody has.
    pub(super) fn check(self) -> Result<PersonPatch, FieldErrors> {
        let mut errors = FieldErrors::default();
        let patch = PersonPatch {
            first_name: kept(&mut errors, "first_name", self.first_name),
            last_name: kept(&mut errors, "last_name", self.last_name),
            email: self.email,
            username: self.username,
            role: kept(&mut errors, "role", self.role),
            is_disabled: kept(&mut errors, "is_disabled", self.is_disabled),
        };
        errors.none().map(|()| patch)
    }
}

fn kept<T>(errors: &mut FieldErrors, field: &'static str, given: Option<Option<T>>) -> Option<T> {
    let given = given.map(|value| value.ok_or(FieldError::new(field, "required")));
    given.and_then(|value| errors.take(value))
}
