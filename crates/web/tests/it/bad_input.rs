//! What no honest client sends gets a clear answer, and nothing else happens.

use axum::body::Body;
use futures_util::stream;
use http::Method;

use crate::support::School;

const JSON: &str = "application/json";

#[tokio::test]
async fn a_body_that_is_no_json_is_malformed() {
    let school = School::open().await;
    let staff = school.staff().await;
    for body in ["", "{", "{\"first_name\":\"\\ud800\"}", "first_name=Ani"] {
        let answer = staff
            .send_as(Method::POST, "/user", JSON, body.to_owned())
            .await;
        answer.expect_problem(400, "malformed");
    }
    let answer = staff
        .send_as(
            Method::POST,
            "/user",
            JSON,
            b"{\"first_name\":\"\xff\xfe\"}".to_vec(),
        )
        .await;
    answer.expect_problem(400, "malformed");
}

#[tokio::test]
async fn a_body_nested_without_end_is_refused() {
    let school = School::open().await;
    let staff = school.staff().await;
    for (start, opening, fault) in [
        ("", "[", " type"),
        ("", "{\"first_name\":", "first_name type"),
        ("{\"first_name\":", "[", "first_name type"),
    ] {
        let body = format!("{start}{}", opening.repeat(3_000));
        let answer = staff.send_as(Method::POST, "/user", JSON, body).await;
        answer.expect_faults(422, "validation", &[fault]);
    }
}

#[tokio::test]
async fn members_of_the_wrong_type_are_named() {
    let school = School::open().await;
    let staff = school.staff().await;
    for (body, fault) in [
        (r#"{"first_name":1,"last_name":"x"}"#, "first_name type"),
        (r#"{"first_name":"x","last_name":["x"]}"#, "last_name type"),
        (
            r#"{"first_name":"x","last_name":"y","first_name":"z"}"#,
            "first_name duplicate",
        ),
        (r#"{"first_name":"x","last_name":"y","id":1}"#, "id unknown"),
        (r#"{"first_name":"x"}"#, "last_name required"),
        (r#"["x","y"]"#, " type"),
        ("7", " type"),
        ("null", " type"),
    ] {
        let answer = staff.send_as(Method::POST, "/user", JSON, body).await;
        answer.expect_faults(422, "validation", &[fault]);
    }
}

#[tokio::test]
async fn a_body_of_another_type_is_refused() {
    let school = School::open().await;
    let staff = school.staff().await;
    let body = r#"{"first_name":"Ani","last_name":"Budi"}"#;
    for kind in [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonx",
        "application",
        "application/merge-patch+json",
    ] {
        let answer = staff.send_as(Method::POST, "/user", kind, body).await;
        answer.expect_problem(415, "media_type");
    }
    for kind in [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/json;x=y",
    ] {
        staff
            .send_as(Method::POST, "/user", kind, body)
            .await
            .expect(201);
    }
    let answer = staff
        .send_as(Method::PATCH, "/user/3", "text/plain", "{}")
        .await;
    assert_eq!(
        answer.header("accept-patch"),
        "application/merge-patch+json"
    );
    answer.expect_problem(415, "media_type");
}

#[tokio::test]
async fn a_body_above_64_kib_is_refused_with_or_without_a_stated_length() {
    let school = School::open().await;
    let staff = school.staff().await;
    let body = format!("{{\"message\":\"{}\"}}", "x".repeat(64 * 1024));
    let answer = staff
        .send_as(Method::POST, "/messages", JSON, body.clone())
        .await;
    answer.expect_problem(413, "too_large");
    let chunks = stream::iter(
        body.into_bytes()
            .chunks(1000)
            .map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()))
            .collect::<Vec<_>>(),
    );
    let answer = staff
        .send_as(Method::POST, "/messages", JSON, Body::from_stream(chunks))
        .await;
    answer.expect_problem(413, "too_large");
    let stated = staff.header("content-length", "1000000000");
    stated
        .send_as(Method::POST, "/messages", JSON, "{}")
        .await
        .expect_problem(413, "too_large");
}

#[tokio::test]
async fn a_body_that_breaks_off_changes_nothing() {
    let school = School::open().await;
    let whole = Ok(br#"{"message":"x"}"#.to_vec());
    let chunks = stream::iter([whole, Err(std::io::Error::other("gone"))]);
    let answer = school
        .anonymous()
        .send_as(Method::POST, "/messages", JSON, Body::from_stream(chunks))
        .await;
    answer.expect_problem(400, "malformed");
    assert_eq!(
        school.anonymous().get("/messages").await.json()["messages"],
        serde_json::json!([])
    );
}

#[tokio::test]
async fn refused_callers_learn_nothing_of_what_there_is() {
    let school = School::open().await;
    let member = school.member().await;
    let there = member
        .get(&format!("/user/{}", school.admin.id))
        .await
        .expect_problem(403, "forbidden");
    let not_there = member
        .get("/user/999")
        .await
        .expect_problem(403, "forbidden");
    assert_eq!(there["detail"], not_there["detail"]);
}

#[tokio::test]
async fn an_address_without_parameters_takes_none() {
    let school = School::open().await;
    let staff = school.staff().await;
    for path in ["/user/3?fields=id", "/tokens?limit=1"] {
        let problem = staff.get(path).await.expect_problem(400, "parameter");
        assert!(
            problem["detail"]
                .as_str()
                .unwrap()
                .ends_with("nothing is expected here"),
            "{problem}"
        );
    }
    let answer = staff.send_as(Method::POST, "/user?x", JSON, "{}").await;
    answer.expect_faults(400, "parameter", &["x unknown"]);
    staff.get("/user/3?").await.expect(200);
    school.anonymous().get("/health?t=1").await.expect(200);
}
