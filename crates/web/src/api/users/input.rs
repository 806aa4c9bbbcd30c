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
    #[serde(default)]
    #[schema(
        value_type = String,
        required = false,
        min_length = 1,
        max_length = 100,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$",
        example = "Ani"
    )]
    first_name: Given<String>,
    /// Last name.
    #[serde(default)]
    #[schema(
        value_type = String,
        required = false,
        min_length = 1,
        max_length = 100,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$",
        example = "Citra"
    )]
    last_name: Given<String>,
    /// E-mail address; `null` removes it.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Email, max_length = 254)]
    email: Given<String>,
    /// Name to sign in with; `null` removes it.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9._-]{3,64}$")]
    username: Given<String>,
    /// What the user is to the school.
    #[serde(default)]
    #[schema(value_type = RoleWord, required = false)]
    role: Given<String>,
    /// Whether the user is kept from signing in; `true` ends their sessions.
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    is_disabled: Given<bool>,
}

/// A member of a JSON Merge Patch.
#[derive(Default)]
enum Given<T> {
    /// It is not there: nothing changes.
    #[default]
    Absent,
    /// It is `null`: the value goes.
    Null,
    /// It is the new value.
    Value(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Option::deserialize(deserializer)?;
        Ok(value.map_or(Self::Null, Self::Value))
    }
}

impl Given<String> {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Absent | Self::Null => None,
            Self::Value(text) => Some(text),
        }
    }
}

impl<T> Given<T> {
    /// For what may be missing: `Some(None)` removes it.
    #[expect(clippy::option_option, reason = "the school's patch is written so")]
    fn removable(self) -> Option<Option<T>> {
        match self {
            Self::Absent => None,
            Self::Null => Some(None),
            Self::Value(value) => Some(Some(value)),
        }
    }

    /// For what everybody has: `null` is a fault of this field.
    fn kept(self, field: &'static str, errors: &mut FieldErrors) -> Option<T> {
        match self {
            Self::Absent => None,
            Self::Null => errors.take(Err(FieldError::new(field, "required"))),
            Self::Value(value) => Some(value),
        }
    }
}

impl NewUser {
    pub(super) fn check(self) -> Result<NewPerson, FieldErrors> {
        let mut errors = FieldErrors::default();
        for (field, text) in [
            ("email", &self.email),
            ("username", &self.username),
            ("role", &self.role),
        ] {
            errors.take(not_blank(field, text.as_deref()));
        }
        let input = PersonInput {
            first_name: self.first_name,
            last_name: self.last_name,
            email: self.email,
            username: self.username,
            role: self.role,
        };
        match input.check() {
            Ok(new) => errors.none().map(|()| new),
            Err(others) => Err(FieldErrors([others.0, errors.0].concat())),
        }
    }
}

/// In a form an empty text means that there is none; in JSON there are better ways to say so.
fn not_blank(field: &'static str, text: Option<&str>) -> Result<(), FieldError> {
    match text {
        Some(text) if text.trim().is_empty() => Err(FieldError::new(field, field)),
        _ => Ok(()),
    }
}

impl UserPatch {
    /// Refuses to remove what everybody has.
    pub(super) fn check(self) -> Result<PersonPatch, FieldErrors> {
        let mut errors = FieldErrors::default();
        errors.take(not_blank("email", self.email.text()));
        errors.take(not_blank("username", self.username.text()));
        let patch = PersonPatch {
            first_name: self.first_name.kept("first_name", &mut errors),
            last_name: self.last_name.kept("last_name", &mut errors),
            email: self.email.removable(),
            username: self.username.removable(),
            role: self.role.kept("role", &mut errors),
            is_disabled: self.is_disabled.kept("is_disabled", &mut errors),
        };
        errors.none().map(|()| patch)
    }
}
