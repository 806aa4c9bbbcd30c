//! The failures of the API, as its description lists them with each operation.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use crate::problem::Problem;
use crate::report::JSON_PROBLEM;

type Responses = BTreeMap<String, RefOr<Response>>;

/// A parameter is wrong, or a header cannot be read.
pub(super) struct BadParameter;
/// The body is wrong.
pub(super) struct BadBody;
/// The caller may not.
pub(super) struct Refused;
/// There is no such thing.
pub(super) struct Missing;
/// What is asked for does not go with what is there.
pub(super) struct Conflict;
/// It was changed since it was read.
pub(super) struct Changed;
/// The server can't now.
pub(super) struct Busy;
/// The disk is full.
pub(super) struct Full;

macro_rules! failures {
    ($($name:ident: $($status:literal)+;)+) => {
        $(impl IntoResponses for $name {
            fn responses() -> Responses {
                documented(&[$($status),+])
            }
        })+
    };
}

failures! {
    BadParameter: 400;
    BadBody: 400 413 415 422;
    Refused: 401 403;
    Missing: 404;
    Conflict: 409;
    Changed: 412;
    Busy: 429 500 503;
    Full: 507;
}

fn documented(statuses: &[u16]) -> Responses {
    statuses
        .iter()
        .map(|status| (status.to_string(), RefOr::T(response(*status))))
        .collect()
}

fn response(status: u16) -> Response {
    let of_status = Problem::ALL
        .iter()
        .filter(|problem| problem.status == status);
    let kinds: Vec<String> = of_status
        .map(|problem| format!("{} (`{}`)", problem.title, problem.code))
        .collect();
    let schema = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let mut response = ResponseBuilder::new()
        .description(kinds.join("; "))
        .content(JSON_PROBLEM, content);
    for (name, kind, description) in headers(status) {
        let schema = ObjectBuilder::new().schema_type(kind.clone()).build();
        let header = HeaderBuilder::new()
            .schema(Some(schema))
            .description(Some(*description))
            .build();
        response = response.header(*name, header);
    }
    response.build()
}

fn headers(status: u16) -> &'static [(&'static str, Type, &'static str)] {
    match status {
        401 => &[("WWW-Authenticate", Type::String, "How to sign in.")],
        429 | 503 => &[("Retry-After", Type::Integer, "Seconds to wait.")],
        _ => &[],
    }
}
