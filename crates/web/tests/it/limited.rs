//! More than may be done in a short time is answered 429.

use serde_json::json;

use crate::support::School;

#[tokio::test]
async fn a_flood_of_messages_is_told_when_to_come_back() {
    let school = School::open().await;
    let input = json!({"message": "x"});
    let mut refused = None;
    for _ in 0..30 {
        let answer = school.anonymous().post("/messages", &input).await;
        if answer.status != 201 {
            refused = Some(answer);
            break;
        }
    }
    let answer = refused.expect("30 at once are too many");
    assert!(
        answer
            .header("retry-after")
            .parse::<u64>()
            .is_ok_and(|seconds| (1..=3).contains(&seconds))
    );
    answer.expect_problem(429, "too_many");
    school
        .anonymous()
        .from("192.0.2.77", true)
        .post("/messages", &input)
        .await
        .expect(201);
    school
        .member()
        .await
        .post("/messages", &input)
        .await
        .expect(201);
}
