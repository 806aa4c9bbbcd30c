//! How types of the school look in the API's description.

use utoipa::ToSchema;

/// What a person is to the school: each may do what the one before may.
#[derive(ToSchema)]
#[schema(as = Role, rename_all = "lowercase")]
#[expect(
    dead_code,
    reason = "only its description is used; the values are `school::Role`"
)]
pub(super) enum RoleWord {
    /// A pupil or a parent.
    Member,
    /// A teacher or an office worker.
    Staff,
    /// Runs the school's server.
    Admin,
}

/// What a token may do.
#[derive(ToSchema)]
#[schema(as = Scope, rename_all = "lowercase")]
#[expect(
    dead_code,
    reason = "only its description is used; the values are `school::tokens::Scope`"
)]
pub(super) enum ScopeWord {
    /// Look.
    Read,
    /// Look and change, as its owner may.
    Write,
}
