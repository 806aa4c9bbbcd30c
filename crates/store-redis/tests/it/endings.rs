//! Sessions that must end with a change of their person, whatever ends in between.

use school::audit::Action;
use school::{StoreError, Stores};

use crate::house::{House, until};
use crate::person::{add, change, disabled, hash, sign_in};

/// A change that a process notes, makes, and ends before it can tell.
#[tokio::test]
async fn a_process_that_died_after_the_change_leaves_no_session_open() {
    let house = House::new().await;
    let ani = add(house.stores(), "Ani").await;
    sign_in(house.stores(), &ani, 1).await.unwrap();
    note(&house, ani.id, "2 -");
    // Not yet: the session is good.
    assert!(is_open(house.stores()).await);
    let records = &house.process.records.stores.people;
    let gone = disabled(&ani);
    let done = records.update(&gone, change(Action::PersonUpdate));
    done.await.unwrap();
    assert!(!is_open(house.stores()).await);
    until("the note is gone", async || {
        house
            .server
            .run("SCARD {pendopo}:endings")
            .starts_with(":0")
    })
    .await;
}

#[tokio::test]
async fn a_note_that_nobody_asks_for_is_settled_all_the_same() {
    let house = House::new().await;
    let ani = add(house.stores(), "Ani").await;
    sign_in(house.stores(), &ani, 1).await.unwrap();
    note(&house, ani.id, "- -");
    let records = &house.process.records.stores.people;
    let gone = records.delete(ani.id, ani.version, change(Action::PersonDelete));
    gone.await.unwrap();
    until("the session is gone", async || {
        let kept = house.server.run(&format!(
            "EXISTS {{pendopo}}:session:1 {{pendopo}}:endings:{}",
            ani.id
        ));
        kept.starts_with(":0")
    })
    .await;
}

fn note(house: &House, person: i64, note: &str) {
    let said = house.server.run(&format!(
        "SADD {{pendopo}}:endings {person}\r\nHSET {{pendopo}}:endings:{person} ticket \"4000000000 {note}\""
    ));
    assert!(said.starts_with(":1\r\n:1"), "{said}");
}

async fn is_open(stores: &Stores) -> bool {
    stores.sessions.find(hash(1)).await.unwrap().is_some()
}

#[tokio::test]
async fn a_change_that_was_refused_ends_no_session() {
    let house = House::new().await;
    let ani = add(house.stores(), "Ani").await;
    sign_in(house.stores(), &ani, 1).await.unwrap();
    let stale = disabled(&disabled(&ani));
    let refused = house
        .stores()
        .people
        .update(&stale, change(Action::PersonUpdate));
    assert!(matches!(refused.await, Err(StoreError::Stale)));
    assert!(is_open(house.stores()).await);
    assert!(
        house
            .server
            .run("SCARD {pendopo}:endings")
            .starts_with(":0")
    );
}

#[tokio::test]
async fn nobody_is_disabled_while_their_sessions_can_not_end() {
    let mut house = House::new().await;
    let ani = add(house.stores(), "Ani").await;
    sign_in(house.stores(), &ani, 1).await.unwrap();
    house.server.kill();
    let gone = disabled(&ani);
    let people = &house.stores().people;
    let refused = people.update(&gone, change(Action::PersonUpdate));
    assert!(matches!(refused.await, Err(StoreError::Unavailable(_))));
    let found = house.stores().people.find(ani.id).await.unwrap();
    assert_eq!(found, Some(ani));
    house.server.start();
    until("the session is found", async || {
        matches!(house.stores().sessions.find(hash(1)).await, Ok(Some(_)))
    })
    .await;
}

#[tokio::test]
async fn a_session_is_gone_by_itself_when_nobody_used_it() {
    let house = House::new().await;
    let ani = add(house.stores(), "Ani").await;
    let id = sign_in(house.stores(), &ani, 1).await.unwrap();
    let twelve_hours = 12 * 60 * 60;
    for key in [format!("session:{id}"), format!("sessions:{}", ani.id)] {
        let said = house.server.run(&format!("TTL {{pendopo}}:{key}"));
        let left: i64 = said[1..].split('\r').next().unwrap().parse().unwrap();
        assert!(
            (twelve_hours - 60..=twelve_hours).contains(&left),
            "{key}: {left}"
        );
    }
}
