//! A user as the API shows one.

use school::{Person, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::schema::RoleWord;

/// A person of the school.
#[derive(Serialize, ToSchema)]
pub(crate) struct User<'a> {
    /// The user's number.
    #[schema(minimum = 1, example = 1)]
    id: i64,
    /// First name.
    #[schema(example = "Ani")]
    first_name: &'a str,
    /// Last name.
    #[schema(example = "Budi")]
    last_name: &'a str,
    /// E-mail address; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, example = "ani@sekolah.example")]
    email: Option<&'a str>,
    /// The name to sign in with; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, example = "ani")]
    username: Option<&'a str>,
    /// What the user is to the school.
    #[schema(value_type = RoleWord)]
    role: &'static str,
    /// Whether the user is kept from signing in.
    is_disabled: bool,
    /// When the user was added.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T12:00:00Z")]
    created_at: Timestamp,
    /// When the user was last changed.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T12:00:00Z")]
    updated_at: Timestamp,
}

impl<'a> User<'a> {
    pub(super) fn of(person: &'a Person) -> Self {
        Self {
            id: person.id,
            first_name: &person.first_name,
            last_name: &person.last_name,
            email: person.email.as_deref(),
            username: person.username.as_deref(),
            role: person.role.as_str(),
            is_disabled: person.is_disabled,
            created_at: person.created_at,
            updated_at: person.updated_at,
        }
    }
}
