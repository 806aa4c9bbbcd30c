//! The same behaviour through Debian's `PgBouncer`, which hands each transaction to another connection of the server.

use school::contract::Fresh;
use testkit::postgres::{Pooler, Server};

use super::house::open_at;

async fn fresh() -> Fresh {
    let server = Server::default();
    let pooler = Pooler::before(&server);
    let opened = open_at(pooler.address()).await;
    let more = opened.status().more;
    let statements = more.iter().find(|(name, _)| *name == "statements");
    assert!(statements.unwrap().1.contains("something stands between"));
    Fresh {
        stores: opened.stores.clone(),
        kept: Box::new((opened, pooler, server)),
    }
}

school::contract_tests!(crate::postgres::pooled::fresh);
