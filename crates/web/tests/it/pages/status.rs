//! `/admin/status`: what the server says of itself.

use lifecycle::{Facts, Readiness};

use super::{Browse, holds, lacks};
use crate::support::School;

#[tokio::test]
async fn each_part_says_whether_it_is_ready_and_what_it_states() {
    let (facts, readiness) = (Facts::default(), Readiness::default());
    let (store, edge) = (readiness.register("store"), readiness.register("edge"));
    store.ready();
    facts.state("store", "engine", "SQLite <3>");
    facts.state("edge", "certificate expires", "2027-01-03T00:00:00Z");
    facts.state("gamelan", "gong", "ageng");
    let school = School::with(|app| {
        app.facts = facts.clone();
        app.readiness = readiness.clone();
    })
    .await;
    let admin = school.by_session(&school.admin).await;
    let page = admin.look("/admin/status").await;
    holds(
        &page,
        &[
            "Some parts are not ready.",
            "It is starting.",
            "SQLite &#60;3&#62;",
            "<time datetime=\"2027-01-03T00:00+00:00\">3 Jan 2027 00:00</time>",
            "<dt>gong</dt><dd>ageng</dd>",
        ],
    );
    edge.ready();
    let page = admin.look("/admin/status").await;
    holds(&page, &["Everything is ready."]);
    lacks(&page, &["It is starting."]);
}
