//! The same behaviour over a bad way: slow all the time, and each time that a store is to show something, its connections
//! were just cut or half closed, or its server was killed or restarted.

use std::time::Duration;

use school::contract::Fresh;
use testkit::Cable;
use testkit::postgres::{Server, url};

use super::house::try_open;

/// Each part of either direction is so late.
const LATENCY: Duration = Duration::from_millis(1);

struct Way {
    server: Server,
    cable: Cable,
    turn: usize,
}

impl Way {
    /// A database of one behaviour's own, to which every connection has just broken.
    async fn fresh(&mut self, name: &str) -> Fresh {
        // A test that fails shows which behaviour it was.
        println!("{name}");
        self.turn += 1;
        let database = format!("school{}", self.turn);
        self.server
            .sql(&format!("CREATE DATABASE {database} OWNER pendopo"));
        let address = url(self.cable.address());
        let (before, _) = address.rsplit_once('/').unwrap();
        let opened = try_open(&format!("{before}/{database}?sslmode=disable"))
            .await
            .unwrap();
        opened.stores.health.check().await.unwrap();
        self.break_it();
        Fresh {
            stores: opened.stores.clone(),
            kept: Box::new(opened),
        }
    }

    /// A server that starts anew takes longer than all else, so it does so less often.
    fn break_it(&mut self) {
        match self.turn % 12 {
            4 => self.server.kill(),
            10 => self.server.stop(),
            even if even.is_multiple_of(2) => return self.cable.cut(),
            _ => return self.cable.half_close(),
        }
        self.server.start();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
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
