//! Other sites' pages change nothing here, with whatever cookies the browser sends along.

use serde_json::json;

use crate::support::School;

#[tokio::test]
async fn another_sites_page_changes_nothing() {
    let school = School::open().await;
    let admin = school.by_session(&school.admin).await;
    let path = format!("/user/{}", school.member.id);
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        let foreign = admin.clone().header(name, value);
        foreign
            .delete(&path)
            .await
            .expect_problem(403, "cross_origin");
        foreign
            .patch(&path, &json!({"last_name": "X"}))
            .await
            .expect_problem(403, "cross_origin");
        foreign
            .post("/messages", &json!({"message": "x"}))
            .await
            .expect_problem(403, "cross_origin");
        foreign.get(&path).await.expect(200);
    }
    assert!(
        school
            .find(school.member.id)
            .await
            .is_some_and(|person| person.version == 1)
    );
}

#[tokio::test]
async fn our_own_page_does_and_a_token_may_come_from_anywhere() {
    let school = School::open().await;
    let session = school.by_session(&school.staff).await;
    let input = json!({"message": "x"});
    let own = session.clone().header("origin", "https://sekolah.example");
    own.post("/messages", &input).await.expect(201);
    let own = session.header("sec-fetch-site", "same-origin");
    own.post("/messages", &input).await.expect(201);
    let program = school
        .staff()
        .await
        .header("origin", "https://elsewhere.example");
    program.post("/messages", &input).await.expect(201);
}

#[tokio::test]
async fn a_token_in_the_header_does_not_lend_the_cookies_rights() {
    let school = School::open().await;
    let admin = school.by_session(&school.admin).await;
    let forged = admin
        .header("sec-fetch-site", "cross-site")
        .bearer("pnd_forged");
    forged
        .delete(&format!("/user/{}", school.member.id))
        .await
        .expect_problem(401, "unauthorized");
    assert!(school.find(school.member.id).await.is_some());
}
