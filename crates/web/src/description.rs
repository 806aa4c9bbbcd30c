//! The API's description (OpenAPI 3.1), made of the declarations of its routes.

use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::cache::CachePolicy;
use crate::report::ProblemBody;

/// What stands in the description beside the operations.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Pendopo",
        description = "A school's server: users, messages and API tokens. Every failure is a problem document (RFC 9457) whose `type` leads to a page that explains it. Unknown parameters and members are refused.",
    ),
    components(schemas(ProblemBody<'_>)),
    modifiers(&Schemes),
    tags(
        (name = "users", description = "The people of the school."),
        (name = "messages", description = "The message board."),
        (name = "tokens", description = "Secrets by which programs call this API."),
        (name = "server", description = "The server itself."),
    )
)]
struct Frame;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let cookie = ApiKeyValue::with_description(
            "__Host-session",
            "A session, from signing in at `/login`. Changes must come from a page of this server (`Origin`, `Sec-Fetch-Site`).",
        );
        components.add_security_scheme("token", bearer);
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

pub(crate) fn frame() -> utoipa::openapi::OpenApi {
    Frame::openapi()
}

pub(crate) fn written(document: &utoipa::openapi::OpenApi) -> String {
    let mut json = document
        .to_pretty_json()
        .expect("the description has string keys");
    json.push('\n');
    json
}

pub(crate) fn answer(json: Bytes) -> Response {
    (
        CachePolicy::Revalidate,
        [(CONTENT_TYPE, "application/json")],
        json,
    )
        .into_response()
}
