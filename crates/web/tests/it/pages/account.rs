//! `/account`: one's own data, sessions and tokens.

use super::{Browse, holds, lacks, leads_to};
use crate::support::School;

/// The secret that a page shows once.
fn secret(page: &str) -> &str {
    let (_, rest) = page.split_once("<code class=\"secret\">").unwrap();
    rest.split('<').next().unwrap()
}

#[tokio::test]
async fn nobody_in_particular_is_sent_to_sign_in() {
    let school = School::open().await;
    leads_to(
        &school.anonymous().get("/account").await,
        "/login?next=/account",
    );
}

#[tokio::test]
async fn somebody_sees_their_own_data_and_ends_another_session_of_theirs() {
    let school = School::open().await;
    let here = school.by_session(&school.member).await;
    let elsewhere = school.by_session(&school.member).await;
    let page = here.look("/account").await;
    holds(&page, &["Mei Test", "Mei.test", "Member", "This browser"]);
    assert_eq!(page.text().matches("/account/sessions/").count(), 1);
    let (_, rest) = page
        .text()
        .split_once("action=\"/account/sessions/")
        .unwrap();
    let path = format!("/account/sessions/{}", rest.split('"').next().unwrap());
    let stranger = school.by_session(&school.staff).await;
    assert_eq!(stranger.submit(&path, &[]).await.status, 404);
    elsewhere.look("/account").await;
    leads_to(
        &here.submit(&path, &[]).await,
        "/account?done=session-ended",
    );
    leads_to(&elsewhere.get("/account").await, "/login?next=/account");
    holds(
        &here.look("/account?done=session-ended").await,
        &["The session has ended."],
    );
}

#[tokio::test]
async fn a_token_is_shown_once_works_and_is_revoked() {
    let school = School::open().await;
    let member = school.by_session(&school.member).await;
    let fields = [("label", "absensi <1>"), ("scope", "write"), ("days", "30")];
    let made = member.submit("/account/tokens", &fields).await.expect(200);
    let token = secret(made.text()).to_owned();
    assert_eq!(made.header("cache-control"), "no-store");
    let by_token = school.anonymous().bearer(&token);
    by_token
        .get(&format!("/user/{}", school.member.id))
        .await
        .expect(200);

    let page = member.look("/account").await;
    holds(&page, &["absensi &#60;1&#62;", "Read and change"]);
    lacks(&page, &[&token]);
    let (_, rest) = page.text().split_once("action=\"/account/tokens/").unwrap();
    let path = format!("/account/tokens/{}", rest.split('"').next().unwrap());
    assert_eq!(
        school
            .by_session(&school.staff)
            .await
            .submit(&path, &[])
            .await
            .status,
        404
    );
    leads_to(
        &member.submit(&path, &[]).await,
        "/account?done=token-revoked",
    );
    by_token
        .get(&format!("/user/{}", school.member.id))
        .await
        .expect(401);
}

#[tokio::test]
async fn a_token_that_cannot_be_made_says_why_and_keeps_what_was_typed() {
    let school = School::open().await;
    let member = school.by_session(&school.member).await;
    for (fields, fault) in [
        (
            [("label", ""), ("scope", "read"), ("days", "30")],
            "Please fill this in.",
        ),
        (
            [("label", "x"), ("scope", "all"), ("days", "30")],
            "Please choose what the token may do.",
        ),
        (
            [("label", "x"), ("scope", "read"), ("days", "367")],
            "Please choose from 1 to 366 days.",
        ),
        (
            [("label", "x"), ("scope", "read"), ("days", "soon")],
            "Please choose from 1 to 366 days.",
        ),
    ] {
        let refused = member.submit("/account/tokens", &fields).await.expect(422);
        holds(
            &refused,
            &[
                fault,
                &format!("value=\"{}\"", fields[2].1),
                "href=\"/account?lang=id\"",
            ],
        );
    }
}
