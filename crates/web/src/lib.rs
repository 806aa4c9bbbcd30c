//! The role `web`: the REST API and the server-rendered pages, as one service that edge calls or that listens by itself.

mod api;
mod app;
mod assets;
mod cache;
pub mod config;
mod cookies;
mod cross_origin;
mod description;
mod docs;
mod error;
mod escape;
mod extract;
mod health;
mod json;
mod language;
mod layers;
mod limits;
mod moment;
mod page;
mod pages;
mod path;
mod problem;
mod prose;
mod readers;
mod report;
mod routes;
mod session_cookie;
mod shortcuts;
mod zone;

pub use app::App;
pub use config::Config;
pub use language::Language;
pub use layers::Layers;
pub use routes::{away, openapi, service};
pub use zone::{InvalidZone, Zone};
