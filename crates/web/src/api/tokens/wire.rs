//! Tokens as the API takes and shows them.

use school::Timestamp;
use school::tokens::Token;
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;

use crate::api::schema::ScopeWord;

/// A token to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewToken)]
pub(crate) struct TokenWish {
    /// What it is for.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$",
        example = "nightly import"
    )]
    pub(super) label: String,
    /// What it may do.
    #[schema(value_type = ScopeWord)]
    pub(super) scope: String,
    /// For how many days.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 366, example = 90)]
    pub(super) days: u32,
}

/// A whole number however JSON writes it: `90.0` is one as well.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let number = f64::deserialize(deserializer)?;
    let wrong = || de::Error::custom("a whole number from 0 is expected");
    if number.fract() != 0.0 {
        return Err(wrong());
    }
    // A text is exact where a cast would cut; an `f64` holds every `u32`.
    number.to_string().parse().map_err(|_| wrong())
}

/// A token, without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = Token)]
pub(crate) struct TokenView<'a> {
    /// The token's number.
    #[schema(minimum = 1)]
    id: i64,
    /// What it is for.
    label: &'a str,
    /// What it may do.
    #[schema(value_type = ScopeWord)]
    scope: &'static str,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it ends; absent if it never does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// A new token, with its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = TokenWithSecret)]
pub(crate) struct NewTokenView<'a> {
    #[serde(flatten)]
    pub(super) token: TokenView<'a>,
    /// The secret, which is shown here and never again.
    #[schema(example = "pnd_…")]
    pub(super) secret: &'a str,
}

/// One's own tokens.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenList<'a> {
    /// The tokens, the newest first.
    pub(super) tokens: Vec<TokenView<'a>>,
}

impl<'a> TokenView<'a> {
    pub(super) fn of(token: &'a Token) -> Self {
        Self {
            id: token.id,
            label: &token.label,
            scope: token.scope.as_str(),
            created_at: token.created_at,
            expires_at: token.expires_at,
        }
    }
}
