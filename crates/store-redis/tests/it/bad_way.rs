//! The same behaviour over a bad way: slow all the time, and each time that the stores are to show something, their
//! connections were just cut or half closed, or the server was killed or restarted.

use std::time::Duration;

use school::contract::Fresh;
use school::page::Limit;
use tempfile::TempDir;
use testkit::Cable;
use testkit::redis::Server;

use crate::house::{Process, until};

/// Each part of either direction is so late.
const LATENCY: Duration = Duration::from_millis(1);

struct Way {
    server: Server,
    cable: Cable,
    turn: usize,
}

impl Way {
    /// An empty server, to which every connection has just broken.
    async fn fresh(&mut self, name: &str) -> Fresh {
        // A test that fails shows which behaviour it was.
        println!("{name}");
        self.turn += 1;
        self.server.run("FLUSHALL");
        let directory = TempDir::new().unwrap();
        let process = Process::new(self.cable.address(), directory.path()).await;
        let stores = process.stores.clone();
        if self.turn.is_multiple_of(3) {
            self.cable.cut();
        } else if self.turn % 3 == 1 {
            self.cable.half_close();
        } else {
            self.server.kill();
            self.server.start();
            // Who looks for what was left to be told may have found nobody, and then nobody asks for a moment.
            until("the server answers", async || {
                stores.messages.list(None, Limit::default()).await.is_ok()
            })
            .await;
        }
        Fresh {
            stores,
            kept: Box::new((process, directory)),
        }
    }
}

/// On one thread, where all share one connection.
#[tokio::test]
async fn every_behaviour_holds_whatever_has_just_broken() {
    let server = Server::default();
    let cable = Cable::to(server.address());
    cable.delay(LATENCY);
    let mut way = Way {
        server,
        cable,
        turn: 0,
    };
    school::contract_in_turn!((async |name| way.fresh(name).await));
}
