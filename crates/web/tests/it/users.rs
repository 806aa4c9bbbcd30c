//! `POST /user`, `GET /user/{id}`, `PATCH /user/{id}` and `DELETE /user/{id}`.

use school::Role;
use serde_json::json;

use crate::support::School;

#[tokio::test]
async fn a_user_is_added_and_read_back() {
    let school = School::open().await;
    let staff = school.staff().await;
    let input = json!({"first_name": " Ani ", "last_name": "Budi", "email": "Ani@sekolah.example"});
    let added = staff.post("/user", &input).await.expect(201);
    let user = added.json();
    let expected = json!({
        "id": user["id"], "first_name": "Ani", "last_name": "Budi", "email": "Ani@sekolah.example",
        "role": "member", "is_disabled": false,
        "created_at": "2026-11-20T12:00:00Z", "updated_at": "2026-11-20T12:00:00Z",
    });
    assert_eq!(user, expected);
    assert_eq!(added.header("location"), format!("/user/{}", user["id"]));
    let read = staff.get(added.header("location")).await.expect(200);
    assert_eq!(
        (read.json(), read.header("etag")),
        (user, added.header("etag"))
    );
    assert_eq!(read.header("content-type"), "application/json");
    assert_eq!(read.header("cache-control"), "no-store");
    assert_eq!(school.trail().await.last().unwrap(), "person.create");
}

#[tokio::test]
async fn every_fault_of_a_new_user_is_told_at_once() {
    let school = School::open().await;
    let staff = school.staff().await;
    let input = json!({"first_name": "", "last_name": "x".repeat(101), "email": "ani", "username": "a b", "role": "king"});
    let faults = [
        "first_name required",
        "last_name too_long",
        "email email",
        "username username",
        "role role",
    ];
    staff
        .post("/user", &input)
        .await
        .expect_faults(422, "validation", &faults);
    let input = json!({"first_name": "a\u{0}b", "last_name": "\u{1F4DA}"});
    staff.post("/user", &input).await.expect_faults(
        422,
        "validation",
        &["first_name control_character"],
    );
}

#[tokio::test]
async fn an_empty_text_is_no_way_to_say_that_there_is_none() {
    let school = School::open().await;
    let staff = school.staff().await;
    let input =
        json!({"first_name": "", "last_name": "x", "email": "", "username": " ", "role": ""});
    let faults = [
        "first_name required",
        "email email",
        "username username",
        "role role",
    ];
    staff
        .post("/user", &input)
        .await
        .expect_faults(422, "validation", &faults);
    let path = format!("/user/{}", school.member.id);
    let patch = json!({"email": "", "username": ""});
    staff.patch(&path, &patch).await.expect_faults(
        422,
        "validation",
        &["email email", "username username"],
    );
}

#[tokio::test]
async fn an_address_in_use_is_a_conflict_whatever_its_case() {
    let school = School::open().await;
    let staff = school.staff().await;
    let input = |email: &str| json!({"first_name": "Ani", "last_name": "Budi", "email": email});
    staff
        .post("/user", &input("ani@sekolah.example"))
        .await
        .expect(201);
    let answer = staff.post("/user", &input("ANI@sekolah.example")).await;
    answer.expect_faults(409, "taken", &["email taken"]);
}

#[tokio::test]
async fn only_administrators_make_staff_and_administrators() {
    let school = School::open().await;
    for role in ["staff", "admin"] {
        let input = json!({"first_name": "Ani", "last_name": "Budi", "role": role});
        school
            .staff()
            .await
            .post("/user", &input)
            .await
            .expect_problem(403, "forbidden");
        school.admin().await.post("/user", &input).await.expect(201);
    }
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_null_removes() {
    let school = School::open().await;
    let staff = school.staff().await;
    let path = format!("/user/{}", school.member.id);
    let patch = json!({"last_name": "Citra", "email": "mei@sekolah.example"});
    let changed = staff.patch(&path, &patch).await.expect(200);
    assert_eq!(changed.json()["last_name"], "Citra");
    assert_eq!(changed.json()["username"], "Mei.test");
    assert_eq!(changed.header("etag"), "\"2\"");
    let changed = staff
        .patch(&path, &json!({"email": null}))
        .await
        .expect(200)
        .json();
    assert_eq!(changed.get("email"), None);
    let nulls = json!({"first_name": null, "last_name": null, "role": null, "is_disabled": null});
    let faults = [
        "first_name required",
        "last_name required",
        "role required",
        "is_disabled required",
    ];
    staff
        .patch(&path, &nulls)
        .await
        .expect_faults(422, "validation", &faults);
    staff
        .patch(&path, &json!({"id": 9}))
        .await
        .expect_faults(422, "validation", &["id unknown"]);
    staff.patch(&path, &json!({})).await.expect(200);
}

#[tokio::test]
async fn nobody_raises_a_role_above_what_they_may_keep() {
    let school = School::open().await;
    let staff = school.staff().await;
    let path = format!("/user/{}", school.member.id);
    staff
        .patch(&path, &json!({"role": "admin"}))
        .await
        .expect_problem(403, "forbidden");
    let own = format!("/user/{}", school.staff.id);
    staff
        .patch(&own, &json!({"role": "admin"}))
        .await
        .expect_problem(403, "forbidden");
    school
        .member()
        .await
        .patch(&path, &json!({"last_name": "X"}))
        .await
        .expect_problem(403, "forbidden");
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let school = School::with(|_| {}).await;
    let admin = school.admin().await;
    let path = format!("/user/{}", school.admin.id);
    school.give_password(&school.admin).await;
    admin.delete(&path).await.expect_problem(409, "last_admin");
    admin
        .patch(&path, &json!({"role": "member"}))
        .await
        .expect_problem(409, "last_admin");
    admin
        .patch(&path, &json!({"is_disabled": true}))
        .await
        .expect_problem(409, "last_admin");
    let other = school.add("Eva", Role::Admin).await;
    school.give_password(&other).await;
    admin.delete(&path).await.expect(204);
}

#[tokio::test]
async fn a_removed_user_is_gone_with_their_tokens_and_stays_in_the_trail() {
    let school = School::open().await;
    let member = school.member().await;
    let path = format!("/user/{}", school.member.id);
    member.get(&path).await.expect(200);
    let removed = school.admin().await.delete(&path).await.expect(204);
    assert!(removed.body.is_empty());
    school
        .admin()
        .await
        .get(&path)
        .await
        .expect_problem(404, "not_found");
    school
        .admin()
        .await
        .delete(&path)
        .await
        .expect_problem(404, "not_found");
    member.get(&path).await.expect_problem(401, "unauthorized");
    assert!(school.trail().await.contains(&"person.delete".to_owned()));
}

#[tokio::test]
async fn an_id_that_is_none_is_named() {
    let school = School::open().await;
    let admin = school.admin().await;
    for id in [
        "x",
        "0",
        "-1",
        "01",
        "+1",
        "1.0",
        "99999999999999999999",
        "%00",
        "1%20",
    ] {
        admin
            .get(&format!("/user/{id}"))
            .await
            .expect_faults(400, "parameter", &["id type"]);
    }
    admin
        .get("/user/9223372036854775807")
        .await
        .expect_problem(404, "not_found");
    admin.get("/user/1/").await.expect_problem(404, "not_found");
    admin.get("/user/%ff").await.expect(404);
}
