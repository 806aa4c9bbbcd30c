//! The number in an address, such as the 7 of `/user/7`.

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;

use crate::app::AppState;
use crate::error::{Error, Fault};

/// The one parameter of the path.
pub(crate) struct Path<T>(pub(crate) T);

impl FromRequestParts<AppState> for Path<i64> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let routed = RawPathParams::from_request_parts(parts, state).await;
        let text = match &routed {
            Ok(params) => params.iter().next().map(|(_, value)| value),
            // A shortcut leads only to numbers at the end.
            Err(RawPathParamsRejection::MissingPathParams(_)) => {
                parts.uri.path().rsplit('/').next()
            }
            Err(_) => return Err(Error::not_found("the address is no UTF-8")),
        };
        let text = text.ok_or_else(no_parameter)?;
        // `+7` and `007` are other ways to write the same address: one thing has one address.
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
        match text.parse() {
            Ok(number) if is_plain => Ok(Self(number)),
            _ => Err(Error::parameter(Fault::new(
                "id",
                "type",
                "must be a whole number from 1",
            ))),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Path<String> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let params = RawPathParams::from_request_parts(parts, state).await;
        let params = params.map_err(|_| Error::not_found("the address is no UTF-8"))?;
        let first = params.iter().next().map(|(_, value)| value.to_owned());
        first.map(Self).ok_or_else(no_parameter)
    }
}

fn no_parameter() -> Error {
    Error::internal("the route has no parameter")
}
