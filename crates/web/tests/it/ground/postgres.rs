//! What a school stands on: a database of its own on Debian's PostgreSQL, which is thrown away with the test.

use std::cell::Cell;

use store::Opened;
use store::postgres::{Options, open};
use testkit::postgres::Server;

thread_local! {
    /// One for all schools of a test: some have hundreds.
    static SERVER: Server = Server::default();
    static SCHOOLS: Cell<usize> = const { Cell::new(0) };
}

/// Goes away with the school.
pub(crate) struct Ground;

impl Ground {
    pub(crate) async fn open() -> (Self, Opened) {
        let number = SCHOOLS.replace(SCHOOLS.get() + 1);
        let url = SERVER.with(|server| {
            server.sql(&format!("CREATE DATABASE school{number} OWNER pendopo"));
            server
                .url()
                .replace("/pendopo?", &format!("/school{number}?"))
        });
        let opened = open(&Options::new(url.parse().unwrap())).await;
        (Self, opened.unwrap())
    }
}
