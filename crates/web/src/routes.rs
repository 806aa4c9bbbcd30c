//! Every address of the role `web`, and what answers there.

use std::future::ready;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::{health, messages, tokens, users};
use crate::app::{App, AppState};
use crate::docs::{self, Reference};
use crate::error::Error;
use crate::extract::Guest;
use crate::language::Language;
use crate::layers::Layers;
use crate::page::Look;
use crate::readers::Readers;
use crate::shortcuts::Shortcuts;
use crate::{description, pages, path};

/// The API's description as JSON, as `/openapi.json` gives it.
pub fn openapi() -> String {
    description::written(&api_routes().into_openapi())
}

/// The role as a service. Each request must carry its `traffic::Client` as an extension.
pub fn service(app: App) -> Layers {
    let (language, readers) = (app.language, Readers::told_apart(app.copies_lag));
    let state = AppState::new(app);
    let (api, document) = api_routes().split_for_parts();
    let routes = api
        .merge(pages::routes())
        .merge(document_routes(&document))
        .fallback(nothing_here)
        .with_state(state.clone());
    Layers::around(routes, language, readers).with(Shortcuts::new(state))
}

/// Who answers as long as the stores are not open: that it must be tried again, and what pages that say so look like.
pub fn away(language: Language) -> Layers {
    let routes = pages::files().fallback(not_yet);
    Layers::around(routes, language, Readers::default())
}

async fn not_yet() -> Error {
    Error::away()
}

/// The API; its description is made of the same declarations.
pub(crate) fn api_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(description::frame())
        .routes(routes!(health::show))
        .routes(routes!(users::create))
        .routes(routes!(users::show, users::change, users::remove))
        .routes(routes!(users::list))
        .routes(routes!(messages::list, messages::post))
        .routes(routes!(messages::remove))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::revoke))
}

fn document_routes(document: &utoipa::openapi::OpenApi) -> Router<AppState> {
    let reference = Arc::new(Reference::of(document));
    let show_reference = move |look: Look, guest: Guest| {
        let reference = Arc::clone(&reference);
        async move { docs::show_reference(&reference, look, &guest) }
    };
    let json = Bytes::from(description::written(document));
    Router::new()
        .route(
            path::OPENAPI,
            get(move || ready(description::answer(json.clone()))),
        )
        .route(path::DOCS, get(show_reference))
        .route(path::PROBLEMS, get(docs::list_problems))
        .route(path::ONE_PROBLEM, get(docs::show_problem))
}

async fn nothing_here() -> Error {
    Error::not_found("nothing has this address")
}
