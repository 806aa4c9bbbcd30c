//! How a failure is written out: a problem document (RFC 9457), or a page for those who asked for HTML.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use serde::Serialize;
use traffic::Client;
use utoipa::ToSchema;

use crate::cache::CachePolicy;
use crate::error::{Fault, Report};
use crate::language::Language;
use crate::page;

/// The media type of every error on the API.
pub(crate) const JSON_PROBLEM: &str = "application/problem+json";

/// What of the request an error's answer needs; taken before the handler has the request.
pub(crate) struct Asked {
    uri: Uri,
    page: Option<Language>,
    client: Client,
}

/// The members of a problem document.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody<'a> {
    /// The kind of error: the address of a page that explains it.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference", example = "/problems/validation")]
    kind: String,
    /// The kind in a few words.
    title: &'a str,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What was wrong with this very request.
    detail: &'a str,
    /// The path that was asked for.
    #[schema(format = "uri-reference")]
    instance: &'a str,
    /// The kind as one stable word.
    #[schema(example = "validation")]
    code: &'a str,
    /// The name of the request in the server's logs.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    request_id: String,
    /// The fields or parameters that are wrong; empty when it is nothing of the kind.
    errors: Vec<FaultBody<'a>>,
}

/// One field or parameter that is wrong.
#[derive(Serialize, ToSchema)]
#[schema(as = Fault)]
struct FaultBody<'a> {
    /// Its name; empty when it is the body as a whole.
    field: &'a str,
    /// The rule it breaks, as a stable word.
    code: &'a str,
    /// The rule in English.
    detail: &'a str,
}

impl Asked {
    pub(crate) fn new(request: &Request<Body>, client: Client, own: Language) -> Self {
        let page = wants_page(request.headers())
            .then(|| page::language(request.uri(), request.headers(), own));
        Self {
            uri: request.uri().clone(),
            page,
            client,
        }
    }

    /// The whole answer to a failed request; its cause goes to the log here, and only here.
    pub(crate) fn answer(&self, report: &Arc<Report>) -> Response {
        self.log(report);
        let mut response = match self.page {
            Some(language) => self.page(language, report),
            None => self.document(report),
        };
        *response.status_mut() = report.problem.status;
        for (name, value) in &report.headers {
            response.headers_mut().insert(name, value.clone());
        }
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, CachePolicy::NoStore.value());
        headers.append(VARY, HeaderValue::from_static("accept"));
        response
    }

    fn log(&self, report: &Report) {
        let Some(cause) = &report.cause else { return };
        let (id, path) = (self.client.request_id, self.uri.path());
        if report.problem.status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(request.id = %id, url.path = path, error = %cause, "a request failed");
        } else {
            tracing::warn!(request.id = %id, url.path = path, error = %cause, "a request was turned away");
        }
    }

    fn page(&self, language: Language, report: &Report) -> Response {
        page::error_page(
            language,
            &self.uri,
            report,
            self.client.request_id.to_string(),
        )
    }

    fn document(&self, report: &Report) -> Response {
        let body = ProblemBody {
            kind: format!("/problems/{}", report.problem.code),
            title: report.problem.title,
            status: report.problem.status.as_u16(),
            detail: &report.detail,
            instance: self.uri.path(),
            code: report.problem.code,
            request_id: self.client.request_id.to_string(),
            errors: report.faults.iter().map(fault_body).collect(),
        };
        let json = serde_json::to_vec(&body).expect("a problem document has string keys");
        let mut response = Response::new(Body::from(json));
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(JSON_PROBLEM));
        response
    }
}

fn fault_body(fault: &Fault) -> FaultBody<'_> {
    FaultBody {
        field: &fault.field,
        code: fault.code,
        detail: &fault.detail,
    }
}

/// Whether the client names HTML, and does not like JSON better: browsers do, programs say `*/*` or nothing.
fn wants_page(headers: &HeaderMap) -> bool {
    let values = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let (mut page, mut document) = (0.0, 0.0);
    for (kind, quality) in values.flat_map(|value| value.split(',')).map(range) {
        match kind {
            // Of equals the first counts.
            "text/html" if quality > document => page = quality,
            "application/json" | JSON_PROBLEM if quality > page => document = quality,
            _ => {}
        }
    }
    page > document
}

/// A media range and how much it is liked, from 0 to 1 (RFC 9110 §12.4.2).
fn range(text: &str) -> (&str, f32) {
    let mut parts = text.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let quality = parts.find_map(|part| part.strip_prefix("q="));
    (
        kind,
        quality.map_or(1.0, |quality| quality.parse().unwrap_or(0.0)),
    )
}
