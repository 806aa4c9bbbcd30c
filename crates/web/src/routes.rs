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
use crate::layers::Layers;
use crate::page::Look;
use crate::{openapi, pages};

/// The addresses, for routes, links and redirects alike.
pub(crate) mod path {
    pub(crate) const HEALTH: &str = "/health";
    pub(crate) const USER: &str = "/user";
    pub(crate) const ONE_USER: &str = "/user/{id}";
    pub(crate) const USERS: &str = "/users";
    pub(crate) const MESSAGES: &str = "/messages";
    pub(crate) const ONE_MESSAGE: &str = "/messages/{id}";
    pub(crate) const TOKENS: &str = "/tokens";
    pub(crate) const ONE_TOKEN: &str = "/tokens/{id}";
    pub(crate) const OPENAPI: &str = "/openapi.json";
    pub(crate) const DOCS: &str = "/docs";
    pub(crate) const PROBLEMS: &str = "/problems";
    pub(crate) const ONE_PROBLEM: &str = "/problems/{code}";
    pub(crate) const HOME: &str = "/";
    pub(crate) const REMOVE_MESSAGE: &str = "/messages/{id}/remove";
    pub(crate) const LOGIN: &str = "/login";
    pub(crate) const LOGOUT: &str = "/logout";
    pub(crate) const ASSET: &str = "/assets/{name}";
    pub(crate) const FAVICON: &str = "/favicon.ico";
    pub(crate) const ACCOUNT: &str = "/account";
    pub(crate) const PASSWORD: &str = "/account/password";
    pub(crate) const END_SESSION: &str = "/account/sessions/{id}/end";
    pub(crate) const ACCOUNT_TOKENS: &str = "/account/tokens";
    pub(crate) const REVOKE_TOKEN: &str = "/account/tokens/{id}/revoke";
    pub(crate) const ADMIN_USERS: &str = "/admin/users";
    pub(crate) const ADMIN_NEW_USER: &str = "/admin/users/new";
    pub(crate) const ADMIN_USER: &str = "/admin/users/{id}";
    pub(crate) const ADMIN_DISABLE: &str = "/admin/users/{id}/disable";
    pub(crate) const ADMIN_ENABLE: &str = "/admin/users/{id}/enable";
    pub(crate) const ADMIN_PASSWORD: &str = "/admin/users/{id}/password";
    pub(crate) const ADMIN_DELETE: &str = "/admin/users/{id}/delete";
    pub(crate) const ADMIN_AUDIT: &str = "/admin/audit";
    pub(crate) const ADMIN_STATUS: &str = "/admin/status";
}

/// The role's router. Each request must carry its `traffic::Client` as an extension.
pub fn router(app: App) -> Router {
    let language = app.language;
    let state = AppState::new(app);
    let (api, document) = api_routes().split_for_parts();
    let routes = api
        .merge(pages::routes())
        .merge(document_routes(&document))
        .fallback(nothing_here)
        .with_state(state);
    Router::new().fallback_service(Layers::around(routes, language))
}

/// The API; its description is made of the same declarations.
pub(crate) fn api_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(openapi::frame())
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
    let json = Bytes::from(openapi::written(document));
    Router::new()
        .route(
            path::OPENAPI,
            get(move || ready(openapi::answer(json.clone()))),
        )
        .route(path::DOCS, get(show_reference))
        .route(path::PROBLEMS, get(docs::list_problems))
        .route(path::ONE_PROBLEM, get(docs::show_problem))
}

async fn nothing_here() -> Error {
    Error::not_found("nothing has this address")
}
