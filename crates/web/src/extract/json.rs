//! A JSON body: one object, without unknown or repeated members.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::header::HeaderName;
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use super::body;
use crate::app::AppState;
use crate::error::{Error, Fault};
use crate::problem::Problem;

const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// A JSON object, and the bytes it came in.
pub(crate) struct Json<T> {
    pub(crate) value: T,
    pub(crate) raw: Bytes,
}

/// A JSON Merge Patch (RFC 7396); plain JSON is taken as one.
pub(crate) struct MergePatch<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<AppState> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Error> {
        let (parts, body) = request.into_parts();
        if !body::is_type(&parts.headers, &[JSON]) {
            let detail = "send the body as JSON, with `Content-Type: application/json`";
            return Err(Error::new(&Problem::MEDIA_TYPE, detail));
        }
        let raw = body::read(&parts.headers, body).await?;
        let value = parse(&raw)?;
        Ok(Self { value, raw })
    }
}

impl<T: DeserializeOwned> FromRequest<AppState> for MergePatch<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Error> {
        let (parts, body) = request.into_parts();
        if !body::is_type(&parts.headers, &[MERGE_PATCH, JSON]) {
            let detail =
                "send the changes as JSON, with `Content-Type: application/merge-patch+json`";
            let accepted = HeaderName::from_static("accept-patch");
            return Err(Error::new(&Problem::MEDIA_TYPE, detail).with_header(accepted, MERGE_PATCH));
        }
        let raw = body::read(&parts.headers, body).await?;
        parse(&raw).map(Self)
    }
}

fn parse<T: DeserializeOwned>(raw: &[u8]) -> Result<T, Error> {
    let first = raw.iter().find(|byte| !b" \t\r\n".contains(byte));
    let Some(first) = first else {
        return Err(Error::new(
            &Problem::MALFORMED,
            "the body is empty: send a JSON object",
        ));
    };
    let mut deserializer = serde_json::Deserializer::from_slice(raw);
    let parsed = serde_path_to_error::deserialize(&mut deserializer);
    // serde takes an array for a structure as well; JSON's callers never mean that.
    if *first != b'{'
        && parsed
            .as_ref()
            .err()
            .is_none_or(|error| error.inner().is_data())
    {
        return Err(invalid(Fault::new("", "type", "must be a JSON object")));
    }
    let value = parsed.map_err(|error| fault(&error))?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn fault(error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    if !error.inner().is_data() {
        return malformed(error.inner());
    }
    let said = error.inner().to_string();
    let said = said
        .rsplit_once(" at line ")
        .map_or(said.as_str(), |(said, _)| said);
    let named = error.path().iter().find_map(|segment| match segment {
        Segment::Map { key } => Some(key.clone()),
        Segment::Seq { .. } | Segment::Enum { .. } | Segment::Unknown => None,
    });
    let quoted = said.split('`').nth(1).unwrap_or_default().to_owned();
    let (field, code) = match said.split(' ').next() {
        Some("missing") => (quoted, "required"),
        Some("unknown") => (quoted, "unknown"),
        Some("duplicate") => (quoted, "duplicate"),
        _ => (named.unwrap_or_default(), "type"),
    };
    let detail = match code {
        "required" => "is required".to_owned(),
        "duplicate" => "is given twice".to_owned(),
        _ => format!("is wrong: {said}"),
    };
    invalid(Fault::new(field, code, detail))
}

fn invalid(fault: Fault) -> Error {
    let name = if fault.field.is_empty() {
        "the body"
    } else {
        &fault.field
    };
    let detail = format!("`{name}` {}", fault.detail);
    Error::new(&Problem::VALIDATION, detail).with_faults(vec![fault])
}

fn malformed(error: &serde_json::Error) -> Error {
    Error::new(&Problem::MALFORMED, format!("the body is no JSON: {error}"))
}

#[cfg(test)]
mod tests;
