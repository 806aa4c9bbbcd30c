//! The role `web` through its router: each behaviour a sentence.
#![cfg(test)]

mod bad_input;
mod callers;
mod clock;
mod conditional;
mod cross_origin;
mod described;
mod documents;
#[path = "ground/sqlite.rs"]
mod ground;
mod health;
mod limited;
mod matrix;
mod messages;
mod methods;
mod pages;
mod paging;
mod repeated;
mod schema_driven;
mod sessions;
mod support;
mod tokens;
mod users;
