//! Who a caller is: token, session, open API, nobody.

use std::time::Duration;

use school::sessions::{ABSOLUTE, IDLE};
use serde_json::json;

use crate::support::School;

#[tokio::test]
async fn without_token_or_session_the_answer_says_how_to_sign_in() {
    let school = School::open().await;
    let answer = school.anonymous().get("/users").await;
    assert_eq!(
        answer.header("www-authenticate"),
        "Bearer realm=\"pendopo\""
    );
    answer.expect_problem(401, "unauthorized");
}

#[tokio::test]
async fn a_token_that_is_no_good_is_refused_even_where_nobody_needs_one() {
    let school = School::open().await;
    for header in [
        "",
        "Bearer",
        "Bearer x",
        "Bearer pnd_x",
        "Basic YTpi",
        "pnd_x",
        "Bearer  ",
    ] {
        let caller = school.anonymous().header("authorization", header);
        caller
            .get("/messages")
            .await
            .expect_problem(401, "unauthorized");
    }
    let member = school.member().await;
    let twice = member
        .clone()
        .another_header("authorization", "Bearer pnd_y");
    twice
        .get("/messages")
        .await
        .expect_problem(401, "unauthorized");
}

#[tokio::test]
async fn a_disabled_person_is_let_in_by_nothing() {
    let school = School::open().await;
    let (by_token, by_session) = (
        school.member().await,
        school.by_session(&school.member).await,
    );
    let path = format!("/user/{}", school.member.id);
    by_token.get(&path).await.expect(200);
    by_session.get(&path).await.expect(200);
    school
        .staff()
        .await
        .patch(&path, &json!({"is_disabled": true}))
        .await
        .expect(200);
    by_token
        .get(&path)
        .await
        .expect_problem(401, "unauthorized");
    by_session
        .get(&path)
        .await
        .expect_problem(401, "unauthorized");
}

#[tokio::test]
async fn a_session_ends_when_it_rests_and_when_it_is_old() {
    let school = School::open().await;
    let member = school.by_session(&school.member).await;
    let path = format!("/user/{}", school.member.id);
    school.pass(IDLE.saturating_sub(Duration::from_secs(1)));
    member.get(&path).await.expect(200);
    school.settle().await;
    school.pass(IDLE);
    member.get(&path).await.expect(401);
    let member = school.by_session(&school.member).await;
    let mut passed = Duration::ZERO;
    while passed + Duration::from_hours(6) < ABSOLUTE {
        passed += Duration::from_hours(6);
        school.pass(Duration::from_hours(6));
        member.get(&path).await.expect(200);
        school.settle().await;
    }
    school.pass(Duration::from_hours(6));
    member.get(&path).await.expect(401);
}

#[tokio::test]
async fn the_session_of_a_one_time_password_may_only_change_it() {
    let school = School::open().await;
    let session = school.by_session(&school.staff).await;
    school.give_one_time_password(&school.staff).await;
    let session_after = school.by_session(&school.staff).await;
    session.get("/users").await.expect(401);
    for path in ["/users", "/messages", "/tokens"] {
        session_after
            .get(path)
            .await
            .expect_problem(403, "password_change");
    }
    school.staff().await.get("/users").await.expect(200);
}

#[tokio::test]
async fn a_secure_cookie_does_not_count_over_plain_http() {
    let school = School::open().await;
    let member = school.by_session(&school.member).await;
    let path = format!("/user/{}", school.member.id);
    member
        .clone()
        .from("192.0.2.1", false)
        .get(&path)
        .await
        .expect(401);
    member.from("127.0.0.1", false).get(&path).await.expect(401);
}

#[tokio::test]
async fn where_the_api_is_open_anybody_may_do_anything_on_it() {
    let school = School::with(|app| app.open_api = true).await;
    let anybody = school
        .anonymous()
        .from("127.0.0.1", false)
        .header("host", "localhost:8080");
    let added = anybody
        .post(
            "/user",
            &json!({"first_name": "Ani", "last_name": "Budi", "role": "admin"}),
        )
        .await
        .expect(201);
    anybody.get("/users").await.expect(200);
    anybody.delete(added.header("location")).await.expect(204);
    anybody
        .get("/tokens")
        .await
        .expect_problem(403, "forbidden");
    anybody.get("/account").await.expect(303);
    anybody
        .clone()
        .bearer("pnd_x")
        .get("/users")
        .await
        .expect(401);
}

#[tokio::test]
async fn an_open_api_is_closed_to_other_sites() {
    let school = School::with(|app| app.open_api = true).await;
    let anybody = school.anonymous().from("127.0.0.1", false);
    for host in [
        "localhost",
        "LOCALHOST:8080",
        "127.0.0.1:8080",
        "[::1]:8080",
    ] {
        anybody
            .clone()
            .header("host", host)
            .get("/users")
            .await
            .expect(200);
    }
    for host in ["evil.example", "127.0.0.1.evil.example", ""] {
        let rebound = anybody.clone().header("host", host);
        rebound
            .get("/users")
            .await
            .expect_problem(403, "cross_origin");
    }
    let local = anybody.header("host", "localhost:8080");
    let foreign = local.clone().header("sec-fetch-site", "cross-site");
    foreign
        .post("/user", &json!({"first_name": "Ani", "last_name": "Budi"}))
        .await
        .expect_problem(403, "cross_origin");
    let foreign = local.header("origin", "http://evil.example");
    foreign
        .delete("/user/1")
        .await
        .expect_problem(403, "cross_origin");
}
