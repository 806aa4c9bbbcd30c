//! The `Idempotency-Key`: a request that may be sent again because its answer was lost.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Uri};
use school::{Actor, Repeat, Timestamp};

use crate::app::AppState;
use crate::error::{Error, Fault};
use crate::problem::Problem;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The key of the request, if it has one.
pub(crate) struct RepeatKey {
    key: Option<String>,
    method: Method,
    uri: Uri,
}

impl FromRequestParts<AppState> for RepeatKey {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Error> {
        let mut values = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let key = values.next().map(read).transpose()?;
        if values.next().is_some() {
            return Err(fault());
        }
        Ok(Self {
            key,
            method: parts.method.clone(),
            uri: parts.uri.clone(),
        })
    }
}

impl RepeatKey {
    /// What the store keeps beside the effect. The same key with another body, path or method is another request.
    pub(crate) fn repeat(
        &self,
        actor: &Actor,
        body: &[u8],
        at: Timestamp,
    ) -> Result<Option<Repeat>, Error> {
        let Some(key) = &self.key else {
            return Ok(None);
        };
        let request = [
            self.method.as_str().as_bytes(),
            self.uri.path().as_bytes(),
            body,
        ];
        let caller = match actor.person() {
            Some(_) => actor.name(),
            // Visitors are told apart by their address: the key of one must not reveal what another sent.
            None => format!(
                "{}:{}",
                actor.name(),
                actor
                    .address
                    .map(|address| address.to_string())
                    .unwrap_or_default()
            ),
        };
        Repeat::new(caller, key, &request, at)
            .map(Some)
            .ok_or_else(fault)
    }

    /// Refuses a key where an answer can't be given twice.
    pub(crate) fn refuse(&self, reason: &'static str) -> Result<(), Error> {
        match &self.key {
            None => Ok(()),
            Some(_) => Err(Error::new(&Problem::MALFORMED, reason)),
        }
    }
}

/// The draft's form is a quoted string; a bare one is what most clients send. Both name the same key.
fn read(value: &HeaderValue) -> Result<String, Error> {
    let text = value.to_str().map_err(|_| fault())?;
    let bare = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(text);
    if bare.contains('"') {
        return Err(fault());
    }
    Ok(bare.to_owned())
}

fn fault() -> Error {
    let rule = "must be 1 to 255 visible ASCII characters but `\"`, and given once";
    let detail = format!("`Idempotency-Key` {rule}");
    Error::new(&Problem::MALFORMED, detail).with_faults(vec![Fault::new(
        "Idempotency-Key",
        "header",
        rule,
    )])
}
