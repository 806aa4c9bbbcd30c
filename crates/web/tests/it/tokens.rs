//! `GET /tokens`, `POST /tokens` and `DELETE /tokens/{id}`.

use std::time::Duration;

use school::tokens::Scope;
use serde_json::json;

use crate::support::School;

#[tokio::test]
async fn a_token_is_shown_once_and_works_until_it_is_revoked() {
    let school = School::open().await;
    let member = school
        .by_session(&school.member)
        .await
        .header("sec-fetch-site", "same-origin");
    let made = member
        .post(
            "/tokens",
            &json!({"label": "import", "scope": "write", "days": 90}),
        )
        .await
        .expect(201);
    let token = made.json();
    let secret = token["secret"].as_str().unwrap();
    assert!(secret.starts_with("pnd_") && secret.len() == 47, "{secret}");
    assert_eq!(token["expires_at"], "2027-02-18T12:00:00Z");
    let list = member.get("/tokens").await.expect(200);
    assert!(!list.text().contains(secret));
    assert_eq!(list.json()["tokens"][0]["label"], "import");
    let path = format!("/user/{}", school.member.id);
    let program = school.anonymous().bearer(secret);
    program.get(&path).await.expect(200);
    member.delete(made.header("location")).await.expect(204);
    program.get(&path).await.expect_problem(401, "unauthorized");
    member
        .delete(made.header("location"))
        .await
        .expect_problem(404, "not_found");
}

#[tokio::test]
async fn a_token_ends_on_its_day() {
    let school = School::open().await;
    let member = school.member().await;
    let path = format!("/user/{}", school.member.id);
    school.pass(Duration::from_hours(30 * 24) - Duration::from_secs(1));
    member.get(&path).await.expect(200);
    school.pass(Duration::from_secs(1));
    let answer = member.get(&path).await;
    assert_eq!(
        answer.header("www-authenticate"),
        "Bearer realm=\"pendopo\", error=\"invalid_token\""
    );
    answer.expect_problem(401, "unauthorized");
}

#[tokio::test]
async fn a_token_for_reading_changes_nothing() {
    let school = School::open().await;
    let reader = school.by_token(&school.admin, Scope::Read).await;
    reader.get("/users").await.expect(200);
    reader
        .post("/user", &json!({"first_name": "Ani", "last_name": "Budi"}))
        .await
        .expect_problem(403, "forbidden");
    reader
        .post("/messages", &json!({"message": "x"}))
        .await
        .expect_problem(403, "forbidden");
    reader
        .post(
            "/tokens",
            &json!({"label": "x", "scope": "write", "days": 1}),
        )
        .await
        .expect_problem(403, "forbidden");
    reader
        .delete(&format!("/user/{}", school.member.id))
        .await
        .expect_problem(403, "forbidden");
}

#[tokio::test]
async fn one_sees_and_revokes_only_ones_own_tokens() {
    let school = School::open().await;
    let (member, staff) = (school.member().await, school.staff().await);
    let own = member.get("/tokens").await.expect(200).json();
    assert_eq!(own["tokens"].as_array().unwrap().len(), 1);
    let path = format!("/tokens/{}", own["tokens"][0]["id"]);
    staff.delete(&path).await.expect_problem(404, "not_found");
    member.get("/tokens").await.expect(200);
    school.admin().await.delete(&path).await.expect(204);
    member
        .get("/tokens")
        .await
        .expect_problem(401, "unauthorized");
}

#[tokio::test]
async fn faults_of_a_token_are_named() {
    let school = School::open().await;
    let staff = school.staff().await;
    let wish = |scope: &str, days: i64| json!({"label": "x", "scope": scope, "days": days});
    staff
        .post("/tokens", &wish("all", 1))
        .await
        .expect_faults(422, "validation", &["scope scope"]);
    staff.post("/tokens", &wish("read", 0)).await.expect_faults(
        422,
        "validation",
        &["days expiry"],
    );
    staff
        .post("/tokens", &wish("read", 367))
        .await
        .expect_faults(422, "validation", &["days expiry"]);
    staff
        .post("/tokens", &wish("read", -1))
        .await
        .expect_faults(422, "validation", &["days type"]);
}
