//! The fields of a page's form.

use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use super::{body, pairs};
use crate::app::AppState;
use crate::error::Error;
use crate::problem::Problem;

/// The fields. Unknown ones are refused; a field that a page may leave out has a default.
pub(crate) struct Form<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<AppState> for Form<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Error> {
        let (parts, body) = request.into_parts();
        if !body::is_type(&parts.headers, &["application/x-www-form-urlencoded"]) {
            let detail = "send the form as `application/x-www-form-urlencoded`";
            return Err(Error::new(&Problem::MEDIA_TYPE, detail));
        }
        let raw = body::read(&parts.headers, body).await?;
        let text = std::str::from_utf8(&raw)
            .map_err(|_| Error::new(&Problem::MALFORMED, "the form is no UTF-8"))?;
        pairs::parse(text).map(Self).map_err(|fault| {
            let detail = format!("`{}` {}", fault.field, fault.detail);
            Error::new(&Problem::VALIDATION, detail).with_faults(vec![fault])
        })
    }
}
