//! What the role `web` does with its stores, once more on PostgreSQL: the same sentences.
#![cfg(test)]

mod callers;
mod conditional;
#[path = "ground/postgres.rs"]
mod ground;
mod health;
mod matrix;
mod messages;
mod pages;
mod paging;
mod repeated;
mod sessions;
mod support;
mod tokens;
mod users;
