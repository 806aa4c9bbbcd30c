//! What the private listener answers: each path with its answer, in one place.

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use lifecycle::readiness::State;
use prometheus_client::encoding::text::encode;
use serde_json::{Map, Value, json};

use crate::cli::RoleName;
use crate::roles::Telling;

type Answer = Response<Full<Bytes>>;

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The answer to one request.
pub(super) fn answer<B>(request: &Request<B>, telling: &Telling) -> Answer {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut refused = plain(
            StatusCode::METHOD_NOT_ALLOWED,
            TEXT,
            "only GET and HEAD are served here\n".into(),
        );
        refused
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    match request.uri().path() {
        "/livez" => plain(StatusCode::OK, TEXT, "ok\n".into()),
        "/readyz" => ready(request.uri().query(), telling),
        "/startupz" => started(request.uri().query(), telling),
        "/metrics" => metrics(telling),
        "/status" => plain(StatusCode::OK, JSON, status(telling)),
        _ => plain(
            StatusCode::NOT_FOUND,
            TEXT,
            "there are /livez, /readyz, /startupz, /metrics and /status\n".into(),
        ),
    }
}

/// Each part and why it can't serve. `?role=edge` asks for what that role needs alone.
fn ready(query: Option<&str>, telling: &Telling) -> Answer {
    let report = telling.readiness.report();
    let parts = report
        .iter()
        .map(|(name, state)| (*name, state.is_ready(), state_text(state)));
    told("ready", query, parts)
}

/// Each part and whether it could serve at some time: one that waits for a store again is well by itself.
fn started(query: Option<&str>, telling: &Telling) -> Answer {
    let parts = telling.readiness.started().into_iter();
    let word = |is_so| if is_so { "started" } else { "starting" };
    told(
        "started",
        query,
        parts.map(|(name, is_so)| (name, is_so, word(is_so))),
    )
}

/// 200 if all parts are so that were asked for, with what is told of each.
fn told<'a>(
    what: &str,
    query: Option<&str>,
    parts: impl Iterator<Item = (&'a str, bool, &'a str)>,
) -> Answer {
    let asked = query.and_then(|query| query.strip_prefix("role="));
    let mut roles = RoleName::ALL.into_iter();
    let role = roles.find(|role| Some(role.as_str()) == asked);
    if let (Some(asked), None) = (asked, role) {
        let text = format!("there is no role `{asked}`\n");
        return plain(StatusCode::BAD_REQUEST, TEXT, text);
    }
    let is_asked = |name: &str| role.is_none_or(|role| role.parts().contains(&name));
    let mut are_all = true;
    let mut all = Map::new();
    for (name, is_so, text) in parts.filter(|(name, ..)| is_asked(name)) {
        are_all &= is_so;
        all.insert(name.to_owned(), Value::from(text));
    }
    let status = if are_all {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    plain(
        status,
        JSON,
        format!("{}\n", json!({ what: are_all, "parts": all })),
    )
}

fn state_text(state: &State) -> &str {
    match state {
        State::Ready => "ready",
        State::Lacking(reason) | State::Waiting(reason) => reason,
    }
}

fn metrics(telling: &Telling) -> Answer {
    let mut text = String::new();
    match encode(&mut text, &telling.registry) {
        Ok(()) => plain(StatusCode::OK, METRICS, text),
        Err(_) => plain(
            StatusCode::INTERNAL_SERVER_ERROR,
            TEXT,
            "the metrics could not be written\n".into(),
        ),
    }
}

/// Every fact, by part and name, as JSON.
fn status(telling: &Telling) -> String {
    let mut parts = Map::new();
    for (part, name, value) in telling.facts.list() {
        let facts = parts
            .entry(part)
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(facts) = facts {
            facts.insert(name, Value::from(value));
        }
    }
    format!("{}\n", Value::Object(parts))
}

fn plain(status: StatusCode, kind: &'static str, text: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(text)));
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    async fn get(telling: &Telling, target: &str) -> (u16, String) {
        let answer = answer(&Request::get(target).body(()).unwrap(), telling);
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn readiness_names_each_part_and_its_reason_and_can_be_asked_of_one_role() {
        let telling = Telling::default();
        let (edge, store) = (
            telling.readiness.register("edge"),
            telling.readiness.register("store"),
        );
        edge.ready();
        store.waiting("the disk is full");
        let (status, text) = get(&telling, "/readyz").await;
        assert_eq!(
            (status, text.trim()),
            (
                503,
                r#"{"parts":{"edge":"ready","store":"the disk is full"},"ready":false}"#
            )
        );
        assert_eq!(get(&telling, "/readyz?role=edge").await.0, 200);
        assert_eq!(get(&telling, "/readyz?role=web").await.0, 503);
        assert_eq!(get(&telling, "/readyz?role=king").await.0, 400);
        assert_eq!(get(&telling, "/livez").await, (200, "ok\n".to_owned()));
    }

    #[tokio::test]
    async fn who_was_ready_once_has_started_whatever_is_away_now() {
        let telling = Telling::default();
        let edge = telling.readiness.register("edge");
        let store = telling.readiness.register("store");
        edge.ready();
        let starting = r#"{"parts":{"edge":"started","store":"starting"},"started":false}"#;
        let told = get(&telling, "/startupz").await;
        assert_eq!((told.0, told.1.trim()), (503, starting));
        assert_eq!(get(&telling, "/startupz?role=edge").await.0, 200);
        store.ready();
        store.waiting("the server is away");
        assert_eq!(get(&telling, "/startupz?role=web").await.0, 200);
        assert_eq!(get(&telling, "/readyz?role=web").await.0, 503);
    }

    #[tokio::test]
    async fn facts_are_grouped_by_part() {
        let telling = Telling::default();
        telling.facts.state("store", "engine", "SQLite");
        telling.facts.state("edge", "log dropped", "0");
        let (_, text) = get(&telling, "/status").await;
        assert_eq!(
            text.trim(),
            r#"{"edge":{"log dropped":"0"},"store":{"engine":"SQLite"}}"#
        );
    }

    #[tokio::test]
    async fn other_paths_and_methods_are_refused() {
        let telling = Telling::default();
        assert_eq!(get(&telling, "/").await.0, 404);
        let post = answer(&Request::post("/livez").body(()).unwrap(), &telling);
        assert_eq!(post.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(post.headers()[ALLOW], "GET, HEAD");
    }
}
