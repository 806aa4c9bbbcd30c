//! `/login` and `/logout`.

use std::time::Duration;

use school::password::Hasher;
use school::people::{ChosenPassword, set_one_time_password, set_password};
use school::{Actor, Person};
use secrecy::ExposeSecret as _;

use super::{Browse, holds, lacks, leads_to};
use crate::support::{Answer, Caller, School};

const PASSWORD: &str = "layang-layang hujan sore";

async fn with_password(school: &School, person: &Person) {
    let chosen = ChosenPassword {
        password: PASSWORD.into(),
        must_change: false,
    };
    let hasher = Hasher::start(1).unwrap();
    let now = school.clock.now();
    set_password(
        &school.stores,
        &hasher,
        &Actor::console(),
        person.id,
        chosen,
        now,
    )
    .await
    .unwrap();
}

async fn sign_in(caller: &Caller, login: &str, password: &str, next: &str) -> Answer {
    caller
        .submit(
            "/login",
            &[("login", login), ("password", password), ("next", next)],
        )
        .await
}

/// Name and value of the cookie that an answer gives.
fn cookie(answer: &Answer) -> String {
    answer
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn who_signs_in_gets_a_cookie_bound_to_the_host_and_goes_where_they_wanted() {
    let school = School::open().await;
    with_password(&school, &school.member).await;
    let visitor = school
        .anonymous()
        .header("user-agent", "Mozilla/5.0 (Android 15) Firefox/145.0");
    let answer = sign_in(&visitor, " MEI.test ", PASSWORD, "/account").await;
    leads_to(&answer, "/account");
    let flags = answer.header("set-cookie");
    assert!(flags.starts_with("__Host-session="), "{flags}");
    for flag in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
        assert!(flags.contains(flag), "{flag}: {flags}");
    }
    assert_eq!(answer.header("cache-control"), "no-store");
    let member = visitor.cookie(&cookie(&answer));
    holds(
        &member.look("/account").await,
        &["Mei Test", "Firefox, Android", "192.0.2.1"],
    );
    leads_to(
        &member
            .clone()
            .header("accept", "text/html")
            .get("/login?next=/account")
            .await,
        "/account",
    );
}

#[tokio::test]
async fn an_unknown_name_a_wrong_password_and_a_disabled_account_are_told_the_same() {
    let school = School::open().await;
    with_password(&school, &school.member).await;
    let visitor = school.anonymous();
    let wrong = sign_in(&visitor, "mei.test", "x", "/").await;
    let unknown = sign_in(&visitor, "nobody", "x", "/").await;
    assert_eq!((wrong.status.as_u16(), unknown.status.as_u16()), (422, 422));
    holds(
        &wrong,
        &["The name or the password is wrong.", "value=\"mei.test\""],
    );
    lacks(&wrong, &["value=\"x\""]);
    assert_eq!(wrong.text().replace("mei.test", "nobody"), unknown.text());
    assert_eq!(wrong.header("set-cookie"), "");
}

#[tokio::test]
async fn after_signing_in_nobody_is_sent_to_another_host() {
    let school = School::open().await;
    with_password(&school, &school.member).await;
    for next in [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:x",
    ] {
        let page = school
            .anonymous()
            .look(&format!("/login?next={next}"))
            .await;
        holds(&page, &["name=\"next\" value=\"/\""]);
        leads_to(
            &sign_in(&school.anonymous(), "mei.test", PASSWORD, next).await,
            "/",
        );
    }
}

#[tokio::test]
async fn the_session_before_ends_when_its_browser_signs_in_again() {
    let school = School::open().await;
    with_password(&school, &school.member).await;
    let before = school.by_session(&school.member).await;
    let answer = sign_in(&before, "mei.test", PASSWORD, "/").await;
    leads_to(&answer, "/");
    leads_to(&before.get("/account").await, "/login?next=/account");
    before.cookie(&cookie(&answer)).look("/account").await;
}

#[tokio::test]
async fn too_many_tries_are_told_in_words_with_the_time_to_wait() {
    let school = School::with(|app| app.config.limit.sign_in_account.burst = 0).await;
    assert_eq!(
        sign_in(&school.anonymous(), "mei.test", "x", "/")
            .await
            .status,
        422
    );
    let refused = sign_in(&school.anonymous(), "mei.test", "x", "/account").await;
    assert_eq!(refused.status, 429);
    let seconds = refused.header("retry-after");
    holds(
        &refused,
        &[
            &format!("Too many attempts. Please try again in {seconds} seconds."),
            "value=\"mei.test\"",
            "value=\"/account\"",
        ],
    );
}

#[tokio::test]
async fn over_plain_http_from_elsewhere_nobody_can_sign_in() {
    let school = School::open().await;
    with_password(&school, &school.member).await;
    let remote = school.anonymous().from("192.0.2.1", false);
    let refused = sign_in(&remote, "mei.test", PASSWORD, "/").await;
    assert_eq!(refused.status, 403);
    holds(&refused, &["This connection is not safe"]);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_takes_the_cookie_away() {
    let school = School::open().await;
    let member = school.by_session(&school.member).await;
    holds(&member.look("/").await, &["action=\"/logout\""]);
    let answer = member.submit("/logout", &[]).await;
    leads_to(&answer, "/?done=signed-out");
    assert!(
        answer
            .header("set-cookie")
            .starts_with("__Host-session=; Path=/; Max-Age=0;"),
        "{answer:?}"
    );
    leads_to(&member.get("/account").await, "/login?next=/account");
    holds(
        &school.anonymous().look("/?done=signed-out").await,
        &["You have signed out."],
    );
}

#[tokio::test]
async fn whoever_has_a_one_time_password_gets_no_further_than_changing_it() {
    let school = School::open().await;
    let hasher = Hasher::start(1).unwrap();
    let (id, now) = (school.admin.id, school.clock.now());
    let given = set_one_time_password(&school.stores, &hasher, &Actor::console(), id, now).await;
    let (_, once) = given.unwrap();
    let answer = sign_in(
        &school.anonymous(),
        "ada.test",
        once.expose_secret(),
        "/admin/users",
    )
    .await;
    let admin = school.anonymous().cookie(&cookie(&answer));
    for path in ["/", "/admin/users", "/admin/audit", "/admin/status"] {
        leads_to(&admin.get(path).await, "/account/password");
    }
    let page = admin.look("/account").await;
    holds(
        &page,
        &[
            "Somebody else gave you this password.",
            "action=\"/account/password\"",
            "autocomplete=new-password",
        ],
    );
    lacks(&page, &["/admin/users", "/account/tokens"]);
    leads_to(
        &admin
            .submit("/account/tokens", &[("label", "x"), ("days", "1")])
            .await,
        "/account/password",
    );

    let change = |again| {
        [
            ("old_password", once.expose_secret()),
            ("password", PASSWORD),
            ("again", again),
        ]
    };
    let differ = admin.submit("/account/password", &change("x")).await;
    assert_eq!(differ.status, 422);
    holds(&differ, &["The two new passwords differ."]);
    lacks(&differ, &[PASSWORD]);
    leads_to(
        &admin.submit("/account/password", &change(PASSWORD)).await,
        "/?done=password-changed",
    );
    holds(&admin.look("/admin/users").await, &["Ada Test"]);
}

#[tokio::test]
async fn a_session_ends_when_nobody_uses_it() {
    let school = School::open().await;
    let member = school.by_session(&school.member).await;
    school.pass(Duration::from_hours(11));
    member.look("/account").await;
    school.pass(Duration::from_hours(13));
    leads_to(&member.get("/account").await, "/login?next=/account");
}
