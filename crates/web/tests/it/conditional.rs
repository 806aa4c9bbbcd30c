//! Entity tags: a copy that is still fresh, a change to what somebody else has changed.

use serde_json::json;

use crate::support::School;

#[tokio::test]
async fn a_copy_that_is_still_fresh_is_not_sent_again() {
    let school = School::open().await;
    let staff = school.staff().await;
    let path = format!("/user/{}", school.member.id);
    let tag = staff.get(&path).await.expect(200).header("etag").to_owned();
    for known in [
        tag.clone(),
        format!("W/{tag}"),
        "*".to_owned(),
        format!("\"9\", {tag}"),
    ] {
        let answer = staff
            .clone()
            .header("if-none-match", &known)
            .get(&path)
            .await
            .expect(304);
        assert!(answer.body.is_empty());
        assert_eq!(answer.header("etag"), tag);
    }
    staff
        .patch(&path, &json!({"last_name": "Citra"}))
        .await
        .expect(200);
    staff
        .clone()
        .header("if-none-match", &tag)
        .get(&path)
        .await
        .expect(200);
}

#[tokio::test]
async fn a_change_to_another_version_is_refused() {
    let school = School::open().await;
    let admin = school.admin().await;
    let path = format!("/user/{}", school.member.id);
    let patch = json!({"last_name": "Citra"});
    let with = |tag: &str| admin.clone().header("if-match", tag);
    for other in [
        "\"2\"",
        "\"0\"",
        "W/\"1\"",
        "1",
        "\"\"",
        "\"2\", \"3\"",
        "\"-1\"",
    ] {
        with(other)
            .patch(&path, &patch)
            .await
            .expect_problem(412, "changed");
        with(other)
            .delete(&path)
            .await
            .expect_problem(412, "changed");
    }
    with("\"1\"").patch(&path, &patch).await.expect(200);
    with("\"1\"")
        .patch(&path, &patch)
        .await
        .expect_problem(412, "changed");
    with("\"2\", \"7\"").patch(&path, &patch).await.expect(200);
    with("*").patch(&path, &patch).await.expect(200);
    admin.patch(&path, &patch).await.expect(200);
    with("\"5\"").delete(&path).await.expect(204);
}

#[tokio::test]
async fn of_two_who_change_the_same_version_one_wins() {
    let school = School::open().await;
    let staff = school.staff().await.header("if-match", "\"1\"");
    let path = format!("/user/{}", school.member.id);
    let (ani, budi) = (json!({"last_name": "Ani"}), json!({"last_name": "Budi"}));
    let (one, other) = tokio::join!(staff.patch(&path, &ani), staff.patch(&path, &budi));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
}
