//! Somebody who changes the trail on the server.

use school::Actor;
use school::audit::{Verdict, verify};
use testkit::mongo::Server;

use crate::house::{House, become_well, say};

#[tokio::test]
async fn a_trail_that_was_changed_on_the_server_is_found_broken_at_the_place() {
    let server = Server::default();
    for (number, (change, broken)) in [
        ("update_one({'_id': 2}, {'$set': {'actor': 'somebody'}})", 2),
        ("delete_one({'_id': 1})", 1),
        // The records hold the last entry, and so the end can't be cut off.
        ("delete_many({'_id': {'$gte': 3}})", 3),
        ("drop()", 1),
    ]
    .into_iter()
    .enumerate()
    {
        let house = House::new(&server.url(&format!("school{number}"))).await;
        become_well(&house.stores).await;
        for text in ["satu", "dua", "tiga", "empat"] {
            say(&house.stores, text).await.unwrap();
        }
        house.settle().await;
        server.python(&format!("client['school{number}'].audit.{change}"));
        let verdict = verify(&house.stores, &Actor::console()).await.unwrap();
        assert_eq!(verdict, Verdict::Broken { seq: broken }, "{change}");
    }
}
