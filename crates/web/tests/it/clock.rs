//! What a clock that is set to another time does to people who are in the middle of something.

use std::time::Duration;

use school::audit::{self, Verdict};
use school::{Actor, Timestamp};
use serde_json::json;

use crate::support::{Caller, NOON, School};

const DAY: Duration = Duration::from_hours(24);

/// Adds somebody and reads them; the trail stays sound.
async fn work(school: &School, caller: &Caller) {
    let input = json!({"first_name": "Ani", "last_name": "Budi"});
    let added = caller.post("/user", &input).await.expect(201);
    let path = format!("/user/{}", added.json()["id"]);
    caller.get(&path).await.expect(200);
    let proof = audit::verify(&school.stores, &Actor::console()).await;
    let verdict = proof.unwrap();
    assert!(matches!(verdict, Verdict::Sound { .. }), "{verdict:?}");
}

#[tokio::test]
async fn a_clock_that_is_set_back_puts_nobody_out() {
    let school = School::open().await;
    let browser = school.by_session(&school.member).await;
    let program = school.staff().await;
    let own = format!("/user/{}", school.member.id);
    school.clock.set(Timestamp(NOON.0 - 86_400_000_000));
    browser.get(&own).await.expect(200);
    work(&school, &program).await;
    school.clock.set(NOON);
    browser.get(&own).await.expect(200);
    work(&school, &program).await;
}

#[tokio::test]
async fn a_clock_that_is_far_ahead_for_a_moment_ends_nothing_for_good() {
    let school = School::open().await;
    let browser = school.by_session(&school.member).await;
    let program = school.staff().await;
    let own = format!("/user/{}", school.member.id);
    school.pass(400 * DAY);
    browser.get(&own).await.expect(401);
    program.get(&own).await.expect(401);
    let ahead = school.staff().await;
    work(&school, &ahead).await;
    school.clock.set(NOON);
    browser.get(&own).await.expect(200);
    work(&school, &program).await;
    work(&school, &ahead).await;
}
