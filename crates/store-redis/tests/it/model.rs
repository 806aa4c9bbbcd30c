//! Random operations on this adapter and on a school in plain memory, the server killed in the middle.

use std::cell::RefCell;

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};
use proptest::test_runner::TestRunner;
use school::contract::model::agrees_while;
use tempfile::TempDir;
use testkit::redis::Server;
use tokio::runtime::Builder;

use crate::house::Process;

#[test]
fn the_adapter_and_a_school_in_memory_agree() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let server = RefCell::new(Server::default());
    let config = ProptestConfig {
        cases: 20,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let operations = vec(any::<[u8; 4]>(), 0..120);
    let outcome = TestRunner::new(config).run(&operations, |bytes| {
        let directory = TempDir::new().unwrap();
        server.borrow().run("FLUSHALL");
        let address = server.borrow().address();
        runtime.block_on(async {
            let process = Process::new(address, directory.path()).await;
            let middle = bytes.len() / 2;
            let restart = |number| restart(&server, number == middle);
            agrees_while(&process.stores, &bytes, restart).await;
        });
        Ok(())
    });
    outcome.unwrap();
}

fn restart(server: &RefCell<Server>, is_due: bool) {
    if is_due {
        server.borrow_mut().kill();
        server.borrow_mut().start();
    }
}
