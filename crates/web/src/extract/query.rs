//! The query of the address: every parameter known, none given twice.

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::pairs;
use crate::app::AppState;
use crate::error::Error;

/// The parameters. Unknown ones are refused: a misspelt one would otherwise be silently ignored.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Error> {
        let query = parts.uri.query().unwrap_or_default();
        pairs::parse(query).map(Self).map_err(Error::parameter)
    }
}

/// An address that takes no parameters.
pub(crate) struct NoQuery;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl FromRequestParts<AppState> for NoQuery {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Error> {
        match parts.uri.query() {
            None => Ok(Self),
            Some(query) => pairs::parse(query)
                .map(|Nothing {}| Self)
                .map_err(Error::parameter),
        }
    }
}
