//! Signing in and out through the browser's cookie.

use http::Method;
use secrecy::SecretString;

use crate::support::{Caller, School};

const FORM: &str = "application/x-www-form-urlencoded";
const PASSWORD: &str = "kuda laut menari di awan";

async fn sign_in(caller: &Caller, login: &str, password: &str) -> crate::support::Answer {
    let form = format!(
        "login={login}&password={}&next=%2Faccount",
        password.replace(' ', "+")
    );
    caller.send_as(Method::POST, "/login", FORM, form).await
}

async fn school() -> School {
    let school = School::open().await;
    school
        .choose_password(&school.member, &SecretString::from(PASSWORD))
        .await;
    school
}

fn cookie(header: &str) -> &str {
    header.split(';').next().unwrap()
}

#[tokio::test]
async fn signing_in_gives_a_cookie_that_lets_in_and_signing_out_ends_it() {
    let school = school().await;
    let answer = sign_in(&school.anonymous(), "MEI.test", PASSWORD)
        .await
        .expect(303);
    assert_eq!(answer.header("location"), "/account");
    let header = answer.header("set-cookie");
    assert!(
        header.starts_with("__Host-session=") && header.ends_with("HttpOnly; SameSite=Lax; Secure"),
        "{header}"
    );
    let member = school.anonymous().cookie(cookie(header));
    member
        .get(&format!("/user/{}", school.member.id))
        .await
        .expect(200);
    let out = member
        .send_as(Method::POST, "/logout", FORM, "")
        .await
        .expect(303);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    member
        .get(&format!("/user/{}", school.member.id))
        .await
        .expect(401);
    assert_eq!(&school.trail().await[4..], ["session.start", "session.end"]);
}

#[tokio::test]
async fn a_new_session_replaces_the_one_the_browser_had() {
    let school = school().await;
    let first = sign_in(&school.anonymous(), "Mei.test", PASSWORD)
        .await
        .expect(303);
    let browser = school
        .anonymous()
        .cookie(cookie(first.header("set-cookie")));
    let second = sign_in(&browser, "Mei.test", PASSWORD).await.expect(303);
    assert_ne!(
        cookie(first.header("set-cookie")),
        cookie(second.header("set-cookie"))
    );
    browser.get("/tokens").await.expect(401);
    school
        .anonymous()
        .cookie(cookie(second.header("set-cookie")))
        .get("/tokens")
        .await
        .expect(200);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_get_the_same_answer() {
    let school = school().await;
    let wrong = sign_in(&school.anonymous(), "Mei.test", "kuda laut").await;
    let unknown = sign_in(&school.anonymous(), "Xei.test", "kuda laut").await;
    let without_password = sign_in(&school.anonymous(), "Sri.test", "kuda laut").await;
    assert_eq!(wrong.status, unknown.status);
    let plain = |answer: &crate::support::Answer, name: &str| answer.text().replace(name, "NAME");
    assert_eq!(plain(&wrong, "Mei.test"), plain(&unknown, "Xei.test"));
    assert_eq!(
        plain(&wrong, "Mei.test"),
        plain(&without_password, "Sri.test")
    );
    for answer in [wrong, unknown, without_password] {
        assert_eq!(answer.header("set-cookie"), "");
        assert!(answer.status.is_client_error());
    }
}

#[tokio::test]
async fn guessing_is_slowed_down_for_known_and_unknown_names_alike() {
    let school = school().await;
    for name in ["Mei.test", "nobody"] {
        let mut statuses = Vec::new();
        for index in 0..14 {
            let caller = school
                .anonymous()
                .from(&format!("192.0.2.{}", 10 + index), true);
            let answer = sign_in(&caller, name, "wrong wrong wrong").await;
            statuses.push(answer.status.as_u16());
        }
        assert_eq!(
            &statuses[10..],
            [statuses[0], 429, 429, 429],
            "{name}: {statuses:?}"
        );
    }
    let caller = school.anonymous().from("198.51.100.1", true);
    let refused = sign_in(&caller, "Mei.test", PASSWORD).await.expect(429);
    assert!(!refused.header("retry-after").is_empty());
}

#[tokio::test]
async fn nobody_signs_in_over_plain_http_from_another_machine() {
    let school = school().await;
    let remote = school.anonymous().from("192.0.2.1", false);
    let refused = sign_in(&remote.header("accept", "text/html"), "Mei.test", PASSWORD)
        .await
        .expect(403);
    assert!(refused.header("content-type").starts_with("text/html"));
    assert_eq!(refused.header("set-cookie"), "");
    let local = school.anonymous().from("127.0.0.1", false);
    let answer = sign_in(&local, "Mei.test", PASSWORD).await.expect(303);
    let header = answer.header("set-cookie");
    assert!(
        header.starts_with("session=") && !header.contains("Secure"),
        "{header}"
    );
    local
        .cookie(cookie(header))
        .get("/tokens")
        .await
        .expect(200);
}

#[tokio::test]
async fn another_sites_form_signs_nobody_in() {
    let school = school().await;
    let foreign = school.anonymous().header("sec-fetch-site", "cross-site");
    sign_in(&foreign, "Mei.test", PASSWORD)
        .await
        .expect_problem(403, "cross_origin");
}

#[tokio::test]
async fn a_page_for_the_signed_in_leads_to_the_sign_in_page_and_back() {
    let school = school().await;
    let answer = school
        .anonymous()
        .get("/account?x=a%26b&y=1")
        .await
        .expect(303);
    assert_eq!(
        answer.header("location"),
        "/login?next=/account%3Fx%3Da%2526b%26y%3D1"
    );
    let answer = school
        .anonymous()
        .send_as(Method::POST, "/account/tokens", FORM, "")
        .await
        .expect(303);
    assert_eq!(answer.header("location"), "/login");
}

#[tokio::test]
async fn a_one_time_password_leads_to_the_password_page_from_everywhere() {
    let school = School::open().await;
    school.give_one_time_password(&school.staff).await;
    let browser = school
        .by_session(&school.staff)
        .await
        .header("accept", "text/html");
    for path in ["/", "/admin/users", "/docs"] {
        let answer = browser.get(path).await.expect(303);
        assert_eq!(answer.header("location"), "/account/password", "{path}");
    }
    browser.get("/account/password").await.expect(200);
    browser
        .send_as(Method::POST, "/logout", FORM, "")
        .await
        .expect(303);
}
