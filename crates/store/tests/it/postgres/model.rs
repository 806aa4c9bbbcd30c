//! Random operations on SQLite, on PostgreSQL and on a school in plain memory, the server killed in the middle.

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};
use proptest::test_runner::TestRunner;
use school::contract::model::{agrees, agrees_while};
use testkit::postgres::{NAME, Server};
use tokio::runtime::Builder;

use super::house::open_at;
use crate::place::Place;

#[test]
fn sqlite_postgres_and_a_school_in_memory_agree() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let server = std::cell::RefCell::new(Server::default());
    let config = ProptestConfig {
        cases: 20,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let operations = vec(any::<[u8; 4]>(), 0..120);
    let outcome = TestRunner::new(config).run(&operations, |bytes| {
        let place = Place::new();
        runtime.block_on(agrees(&place.open().stores, &bytes));
        let empty =
            format!("DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION {NAME}");
        server.borrow().sql(&empty);
        let address = server.borrow().address();
        let opened = runtime.block_on(open_at(address));
        let middle = bytes.len() / 2;
        let restart = |number| {
            if number == middle {
                server.borrow_mut().kill();
                server.borrow_mut().start();
            }
        };
        runtime.block_on(agrees_while(&opened.stores, &bytes, restart));
        Ok(())
    });
    outcome.unwrap();
}
