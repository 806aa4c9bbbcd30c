//! `/admin/users`: who is there, and what may be done to them.

use school::Role;

use super::{Browse, holds, lacks, leads_to, next};
use crate::support::{Caller, School};

const MEGA: [(&str, &str); 5] = [
    ("first_name", "Mega"),
    ("last_name", "Puspita"),
    ("email", "mega@sekolah.example"),
    ("username", ""),
    ("role", "member"),
];

#[tokio::test]
async fn a_walk_over_the_list_meets_everybody_once() {
    let school = School::open().await;
    for number in 0..60 {
        school.add(&format!("Anak{number:02}"), Role::Member).await;
    }
    let staff = school.by_session(&school.staff).await;
    assert_eq!(walk(&staff, "/admin/users").await, 63);
    assert_eq!(walk(&staff, "/admin/users?q=ANAK").await, 60);
    assert_eq!(walk(&staff, "/admin/users?q=anak1").await, 10);
    holds(&staff.look("/admin/users").await, &["63 users"]);
    let page = staff.look("/admin/users?q=nobody").await;
    holds(
        &page,
        &["Nobody was found.", "value=\"nobody\"", "Show all"],
    );
}

/// How many users a walk from page to page meets.
async fn walk(caller: &Caller, start: &str) -> usize {
    let mut page = caller.look(start).await;
    let mut met = page.text().matches("<th scope=\"row\">").count();
    while let Some(path) = next(&page) {
        page = caller.look(&path).await;
        met += page.text().matches("<th scope=\"row\">").count();
    }
    met
}

#[tokio::test]
async fn a_user_is_added_changed_disabled_enabled_and_deleted() {
    let school = School::open().await;
    let admin = school.by_session(&school.admin).await;
    let added = admin.submit("/admin/users/new", &MEGA).await;
    let path = added.header("location").to_owned();
    leads_to(&added, "/admin/users/4");
    holds(
        &admin.look(&path).await,
        &[
            "<h1>Mega Puspita</h1>",
            "No password yet",
            "name=\"version\" value=\"1\"",
        ],
    );

    let mut changed = MEGA.to_vec();
    changed[1].1 = "Sari";
    changed.push(("version", "1"));
    leads_to(
        &admin.submit(&path, &changed).await,
        "/admin/users/4?done=user-saved",
    );
    holds(
        &admin.look("/admin/users/4?done=user-saved").await,
        &["<h1>Mega Sari</h1>", "Saved."],
    );

    leads_to(
        &admin.submit("/admin/users/4/disable", &[]).await,
        "/admin/users/4?done=user-disabled",
    );
    holds(
        &admin.look(&path).await,
        &["Disabled", "action=\"/admin/users/4/enable\""],
    );
    leads_to(
        &admin.submit("/admin/users/4/enable", &[]).await,
        "/admin/users/4?done=user-enabled",
    );

    holds(
        &admin.look("/admin/users/4/delete").await,
        &["Delete Mega Sari?", "value=\"4\""],
    );
    let stale = admin
        .submit("/admin/users/4/delete", &[("version", "3")])
        .await;
    assert_eq!(stale.status, 412);
    holds(
        &stale,
        &["Please look again before you delete.", "value=\"4\""],
    );
    leads_to(
        &admin
            .submit("/admin/users/4/delete", &[("version", "4")])
            .await,
        "/admin/users?done=user-deleted",
    );
    assert!(school.find(4).await.is_none());
}

#[tokio::test]
async fn a_conflict_is_told_in_words_with_what_is_stored_and_what_was_typed() {
    let school = School::open().await;
    let admin = school.by_session(&school.admin).await;
    admin.submit("/admin/users/new", &MEGA).await;
    let with = |last: &'static str, version: &'static str| {
        let mut fields = MEGA.to_vec();
        fields[1].1 = last;
        fields.push(("version", version));
        fields
    };
    leads_to(
        &admin.submit("/admin/users/4", &with("Sari", "1")).await,
        "/admin/users/4?done=user-saved",
    );
    let conflict = admin.submit("/admin/users/4", &with("Dewi", "1")).await;
    assert_eq!(conflict.status, 412);
    holds(
        &conflict,
        &[
            "Somebody else changed this user while you were editing.",
            "<dt>Last name</dt><dd>Sari</dd>",
            "name=\"last_name\" type=\"text\" value=\"Dewi\"",
            "name=\"version\" value=\"2\"",
        ],
    );
    leads_to(
        &admin.submit("/admin/users/4", &with("Dewi", "2")).await,
        "/admin/users/4?done=user-saved",
    );
    assert_eq!(school.find(4).await.unwrap().last_name, "Dewi");
}

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field_and_the_version_is_kept() {
    let school = School::open().await;
    let admin = school.by_session(&school.admin).await;
    let fields = [
        ("first_name", ""),
        ("last_name", "P"),
        ("email", "x"),
        ("username", "a b"),
        ("role", "king"),
    ];
    for (path, extra) in [
        ("/admin/users/new", None),
        ("/admin/users/3", Some(("version", "1"))),
    ] {
        let fields: Vec<_> = fields.into_iter().chain(extra).collect();
        let refused = admin.submit(path, &fields).await;
        assert_eq!(refused.status, 422, "{path}");
        for field in ["first_name", "email", "username", "role"] {
            holds(&refused, &[&format!("id=\"{field}-fault\"")]);
        }
        holds(&refused, &["value=\"a b\"", "value=\"P\""]);
    }
    let mut taken = MEGA.to_vec();
    taken[3].1 = "ADA.TEST";
    let refused = admin.submit("/admin/users/new", &taken).await;
    assert_eq!(refused.status, 409);
    holds(
        &refused,
        &["Somebody else is already using this.", "value=\"ADA.TEST\""],
    );
}

#[tokio::test]
async fn a_one_time_password_is_shown_once_and_must_be_changed() {
    let school = School::open().await;
    let staff = school.by_session(&school.staff).await;
    let page = staff
        .submit("/admin/users/3/password", &[])
        .await
        .expect(200);
    assert_eq!(page.header("cache-control"), "no-store");
    holds(
        &page,
        &[
            "For Mei Test, who signs in as Mei.test:",
            "href=\"/admin/users/3?lang=id\"",
        ],
    );
    let (_, rest) = page.text().split_once("<code class=\"secret\"").unwrap();
    let password = rest.split(['>', '<']).nth(1).unwrap();
    assert!(password.len() >= 12, "{password}");
    let fields = [("login", "mei.test"), ("password", password), ("next", "/")];
    leads_to(&school.anonymous().submit("/login", &fields).await, "/");
    let member = school.find(3).await.unwrap();
    assert!(member.must_change_password);
    lacks(&staff.look("/admin/users/3").await, &[password]);
}

#[tokio::test]
async fn without_a_name_to_sign_in_with_there_is_no_password_to_give() {
    let school = School::open().await;
    let admin = school.by_session(&school.admin).await;
    let mut fields = MEGA.to_vec();
    fields[2].1 = "";
    admin.submit("/admin/users/new", &fields).await;
    let page = admin.look("/admin/users/4").await;
    lacks(&page, &["/admin/users/4/password"]);
    let refused = admin.submit("/admin/users/4/password", &[]).await;
    assert_eq!(refused.status, 422);
    holds(
        &refused,
        &["id=\"username-fault\"", "href=\"/admin/users/4?lang=id\""],
    );
}

#[tokio::test]
async fn the_last_administrator_stays_and_is_told_why() {
    let school = School::open().await;
    let hasher = school::password::Hasher::start(1).unwrap();
    let chosen = school::people::ChosenPassword {
        password: "layang-layang hujan".into(),
        must_change: false,
    };
    let (console, now) = (school::Actor::console(), school.clock.now());
    school::people::set_password(
        &school.stores,
        &hasher,
        &console,
        school.admin.id,
        chosen,
        now,
    )
    .await
    .unwrap();
    let admin = school.by_session(&school.admin).await;
    let refused = admin.submit("/admin/users/1/disable", &[]).await;
    assert_eq!(refused.status, 409);
    holds(
        &refused,
        &["Otherwise nobody could look after this school any more."],
    );
    assert!(!school.find(1).await.unwrap().is_disabled);
}

#[tokio::test]
async fn each_role_sees_and_does_what_it_may() {
    let school = School::open().await;
    let member = school.by_session(&school.member).await;
    let pages = [
        "/admin/users",
        "/admin/users/new",
        "/admin/users/1",
        "/admin/users/3",
        "/admin/audit",
        "/admin/status",
    ];
    for path in pages {
        member
            .clone()
            .header("accept", "text/html")
            .get(path)
            .await
            .expect(403);
    }
    let staff = school.by_session(&school.staff).await;
    for path in ["/admin/audit", "/admin/status", "/admin/users/3/delete"] {
        staff
            .clone()
            .header("accept", "text/html")
            .get(path)
            .await
            .expect(403);
    }
    let colleague = staff.look("/admin/users/1").await;
    lacks(&colleague, &["<input", "/disable", "/password", "/delete"]);
    let pupil = staff.look("/admin/users/3").await;
    holds(&pupil, &["<input", "/disable"]);
    lacks(&pupil, &["/delete", "value=\"admin\""]);
    for (path, fields) in [
        ("/admin/users/1/disable", vec![]),
        ("/admin/users/3/delete", vec![("version", "1")]),
    ] {
        staff.submit(path, &fields).await.expect(403);
        member.submit(path, &fields).await.expect(403);
        leads_to(&school.anonymous().submit(path, &fields).await, "/login");
    }
    let mut king = MEGA.to_vec();
    king[4].1 = "admin";
    staff.submit("/admin/users/new", &king).await.expect(403);
}
