//! The pages: each in a file of its own, its template's data beside its handler.

mod account;
mod audit;
mod login;
mod messages;
mod password;
mod status;
mod user;
mod users;

use axum::Router;
use axum::routing::{get, post};

use crate::app::AppState;
use crate::assets;
use crate::language::Language;
use crate::path;

/// Every page, and the files that they load.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route(path::HOME, get(messages::show).post(messages::post))
        .route(path::REMOVE_MESSAGE, post(messages::remove))
        .route(path::LOGIN, get(login::show).post(login::sign_in))
        .route(path::LOGOUT, post(login::sign_out))
        .merge(files())
        .merge(account_routes())
        .merge(admin_routes())
}

/// The files that pages load, which need no store.
pub(crate) fn files<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Language::prepare();
    assets::prepare();
    Router::new()
        .route(path::ASSET, get(assets::serve))
        .route(path::FAVICON, get(assets::favicon))
}

fn account_routes() -> Router<AppState> {
    Router::new()
        .route(path::ACCOUNT, get(account::show))
        .route(path::PASSWORD, get(password::show).post(password::change))
        .route(path::END_SESSION, post(account::end_session))
        .route(path::ACCOUNT_TOKENS, post(account::create_token))
        .route(path::REVOKE_TOKEN, post(account::revoke_token))
}

fn admin_routes() -> Router<AppState> {
    Router::new()
        .route(path::ADMIN_USERS, get(users::show))
        .route(
            path::ADMIN_NEW_USER,
            get(user::create::show).post(user::create::create),
        )
        .route(path::ADMIN_USER, get(user::show).post(user::update))
        .route(path::ADMIN_DISABLE, post(user::disable))
        .route(path::ADMIN_ENABLE, post(user::enable))
        .route(path::ADMIN_PASSWORD, post(user::password::give))
        .route(
            path::ADMIN_DELETE,
            get(user::delete::show).post(user::delete::delete),
        )
        .route(path::ADMIN_AUDIT, get(audit::show).post(audit::verify))
        .route(path::ADMIN_STATUS, get(status::show))
}
