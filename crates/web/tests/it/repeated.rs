//! `Idempotency-Key`: a request sent twice is done once.

use std::time::Duration;

use serde_json::json;

use crate::support::School;

const KEY: &str = "idempotency-key";

#[tokio::test]
async fn the_same_request_under_the_same_key_gets_the_first_answer_again() {
    let school = School::open().await;
    let staff = school.staff().await.header(KEY, "abc");
    let input = json!({"first_name": "Ani", "last_name": "Budi"});
    let first = staff.post("/user", &input).await.expect(201);
    assert_eq!(first.header("idempotency-replayed"), "");
    let path = first.header("location").to_owned();
    school
        .staff()
        .await
        .patch(&path, &json!({"last_name": "Citra"}))
        .await
        .expect(200);
    let again = staff.post("/user", &input).await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(
        (again.json(), again.header("location")),
        (first.json(), &*path)
    );
    let entries = school.trail().await;
    assert_eq!(
        entries
            .iter()
            .filter(|entry| *entry == "person.create")
            .count(),
        4
    );
}

#[tokio::test]
async fn many_at_once_under_one_key_make_one_user() {
    let school = School::open().await;
    let staff = school.staff().await.header(KEY, "abc");
    let input = json!({"first_name": "Ani", "last_name": "Budi"});
    let answers =
        futures_util::future::join_all((0..20).map(|_| staff.post("/user", &input))).await;
    let places: Vec<_> = answers
        .iter()
        .map(|answer| answer.header("location").to_owned())
        .collect();
    assert!(
        places
            .iter()
            .all(|place| *place == places[0] && !place.is_empty()),
        "{places:?}"
    );
    let first = answers
        .iter()
        .filter(|answer| answer.header("idempotency-replayed").is_empty());
    assert_eq!(first.count(), 1);
}

#[tokio::test]
async fn the_key_of_another_request_is_refused() {
    let school = School::open().await;
    let staff = school.staff().await.header(KEY, "abc");
    staff
        .post("/user", &json!({"first_name": "Ani", "last_name": "Budi"}))
        .await
        .expect(201);
    let other = json!({"first_name": "Eka", "last_name": "Budi"});
    staff
        .post("/user", &other)
        .await
        .expect_problem(422, "key_reused");
    staff
        .post("/messages", &json!({"message": "x"}))
        .await
        .expect_problem(422, "key_reused");
    let quoted = school.staff().await.header(KEY, "\"abc\"");
    quoted
        .post("/user", &other)
        .await
        .expect_problem(422, "key_reused");
}

#[tokio::test]
async fn two_callers_may_use_the_same_key() {
    let school = School::open().await;
    let input = json!({"message": "x"});
    let mut places = Vec::new();
    for caller in [
        school.staff().await,
        school.admin().await,
        school.anonymous(),
        school.anonymous().from("192.0.2.2", true),
    ] {
        let answer = caller
            .header(KEY, "abc")
            .post("/messages", &input)
            .await
            .expect(201);
        assert_eq!(answer.header("idempotency-replayed"), "");
        places.push(answer.header("location").to_owned());
    }
    places.dedup();
    assert_eq!(places.len(), 4);
    let again = school
        .anonymous()
        .header(KEY, "abc")
        .post("/messages", &input)
        .await
        .expect(201);
    assert_eq!(
        (
            again.header("idempotency-replayed"),
            again.header("location")
        ),
        ("true", &*places[2])
    );
}

#[tokio::test]
async fn a_key_is_remembered_for_a_day() {
    let school = School::open().await;
    let anonymous = school.anonymous().header(KEY, "abc");
    let input = json!({"message": "x"});
    anonymous.post("/messages", &input).await.expect(201);
    school.pass(Duration::from_hours(24) - Duration::from_secs(1));
    let again = anonymous.post("/messages", &input).await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    school.pass(Duration::from_secs(2));
    let anew = anonymous.post("/messages", &input).await.expect(201);
    assert_eq!(anew.header("idempotency-replayed"), "");
    assert_ne!(anew.header("location"), again.header("location"));
}

#[tokio::test]
async fn a_request_that_failed_may_be_corrected_under_its_key() {
    let school = School::open().await;
    let staff = school.staff().await.header(KEY, "abc");
    staff
        .post("/user", &json!({"first_name": "", "last_name": "Budi"}))
        .await
        .expect(422);
    staff
        .post("/user", &json!({"first_name": "Ani", "last_name": "Budi"}))
        .await
        .expect(201);
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let school = School::open().await;
    let input = json!({"message": "x"});
    for key in ["", "\"\"", "a b", &"x".repeat(256)] {
        let answer = school
            .anonymous()
            .header(KEY, key)
            .post("/messages", &input)
            .await;
        answer.expect_faults(400, "malformed", &["Idempotency-Key header"]);
    }
    let twice = school.anonymous().header(KEY, "a").another_header(KEY, "b");
    twice
        .post("/messages", &input)
        .await
        .expect_problem(400, "malformed");
    let token = json!({"label": "x", "scope": "read", "days": 1});
    school
        .staff()
        .await
        .header(KEY, "a")
        .post("/tokens", &token)
        .await
        .expect_problem(400, "malformed");
}
