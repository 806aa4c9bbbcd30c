//! `GET /messages`, `POST /messages` and `DELETE /messages/{id}`.

use school::messages::Posting;
use serde_json::{Value, json};

use crate::support::School;

#[tokio::test]
async fn anybody_posts_and_reads_newest_first() {
    let school = School::open().await;
    let anonymous = school.anonymous();
    let posted = anonymous
        .post(
            "/messages",
            &json!({"message": "satu\r\ndua <b>", "name": " Ani "}),
        )
        .await
        .expect(201);
    let expected = json!({"id": 1, "message": "satu\ndua <b>", "name": "Ani", "created_at": "2026-11-20T12:00:00Z"});
    assert_eq!(
        (posted.json(), posted.header("location")),
        (expected.clone(), "/messages/1")
    );
    let by_member = school
        .member()
        .await
        .post("/messages", &json!({"message": "tiga"}))
        .await
        .expect(201)
        .json();
    assert_eq!(by_member["person_id"], school.member.id);
    let list = anonymous.get("/messages").await.expect(200).json();
    assert_eq!(list["messages"], json!([by_member, expected]));
    assert_eq!(list["limit"], 10);
    assert_eq!(school.trail().await.last().unwrap(), "message.post");
}

#[tokio::test]
async fn a_walk_meets_each_message_once_while_others_come_and_go() {
    let school = School::open().await;
    let staff = school.staff().await;
    for index in 0..20 {
        staff
            .post("/messages", &json!({"message": format!("{index}")}))
            .await
            .expect(201);
    }
    let (mut met, mut path) = (Vec::new(), "/messages?limit=6".to_owned());
    loop {
        let page = school.anonymous().get(&path).await.expect(200).json();
        let rows = page["messages"].as_array().unwrap();
        met.extend(rows.iter().map(|row| row["id"].as_i64().unwrap()));
        school
            .admin()
            .await
            .post("/messages", &json!({"message": "new"}))
            .await
            .expect(201);
        staff
            .delete(&format!("/messages/{}", met.last().unwrap()))
            .await
            .expect(204);
        match page["next"].as_str() {
            Some(next) => path = format!("/messages?limit=6&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(met, (1..=20).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn faults_of_a_message_are_named() {
    let school = School::open().await;
    let post = async |input: Value, faults: &[&str]| {
        school
            .anonymous()
            .post("/messages", &input)
            .await
            .expect_faults(422, "validation", faults);
    };
    post(json!({"message": " \n "}), &["message required"]).await;
    post(
        json!({"message": "x".repeat(1001), "name": "y".repeat(51)}),
        &["message too_long", "name too_long"],
    )
    .await;
    post(
        json!({"message": "a\u{0}b"}),
        &["message control_character"],
    )
    .await;
    post(json!({"text": "x"}), &["text unknown"]).await;
    post(json!({}), &["message required"]).await;
}

#[tokio::test]
async fn a_school_may_ask_for_an_account() {
    let school = School::with(|app| app.config.posting = Posting::SignedIn).await;
    let input = json!({"message": "x"});
    school
        .anonymous()
        .post("/messages", &input)
        .await
        .expect_problem(401, "unauthorized");
    school.anonymous().get("/messages").await.expect(200);
    school
        .member()
        .await
        .post("/messages", &input)
        .await
        .expect(201);
}

#[tokio::test]
async fn staff_take_a_message_down() {
    let school = School::open().await;
    school
        .anonymous()
        .post("/messages", &json!({"message": "x"}))
        .await
        .expect(201);
    school
        .member()
        .await
        .delete("/messages/1")
        .await
        .expect_problem(403, "forbidden");
    school
        .anonymous()
        .delete("/messages/1")
        .await
        .expect_problem(401, "unauthorized");
    school.staff().await.delete("/messages/1").await.expect(204);
    school
        .staff()
        .await
        .delete("/messages/1")
        .await
        .expect_problem(404, "not_found");
}
