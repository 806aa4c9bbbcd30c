//! Which language a reader gets.

use web::Language;

use super::{Browse, holds};
use crate::support::School;

#[tokio::test]
async fn a_page_is_in_the_language_that_the_browser_wants() {
    let school = School::with(|app| app.language = Language::Id).await;
    for (accepted, tag, title) in [
        ("en-GB,en;q=0.9", "en", "Message board"),
        ("fr,id;q=0.5,en;q=0.4", "id", "Papan pesan"),
        ("fr", "id", "Papan pesan"),
    ] {
        let page = school
            .anonymous()
            .header("accept-language", accepted)
            .look("/")
            .await;
        holds(
            &page,
            &[
                &format!("<html lang=\"{tag}\">"),
                &format!("<h1>{title}</h1>"),
            ],
        );
        assert_eq!(page.header("vary"), "accept-language, cookie");
        assert_eq!(page.header("set-cookie"), "", "nothing was switched");
    }
}

#[tokio::test]
async fn a_switch_is_remembered_and_keeps_the_page() {
    let school = School::with(|app| app.language = Language::Id).await;
    let visitor = school.anonymous().header("accept-language", "id");
    let page = visitor.look("/login?next=%2Faccount").await;
    holds(
        &page,
        &["href=\"/login?next=%2Faccount&#38;lang=en\" lang=\"en\" hreflang=\"en\""],
    );
    let switched = visitor.look("/login?next=%2Faccount&lang=en").await;
    holds(
        &switched,
        &["<html lang=\"en\">", "name=\"next\" value=\"/account\""],
    );
    let cookie = switched.header("set-cookie");
    assert_eq!(
        cookie,
        "lang=en; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax; Secure"
    );
    holds(
        &visitor.cookie("a=b; lang=en").look("/").await,
        &["<html lang=\"en\">"],
    );
}

#[tokio::test]
async fn a_language_that_we_do_not_speak_switches_nothing() {
    let school = School::open().await;
    for lang in ["xx", "", "%3Cscript%3E", "en%0d%0aset-cookie:a"] {
        let page = school.anonymous().look(&format!("/?lang={lang}")).await;
        assert_eq!(page.header("set-cookie"), "", "{lang}");
    }
}

#[tokio::test]
async fn over_plain_http_on_loopback_the_choice_is_remembered_too() {
    let school = School::open().await;
    let page = school
        .anonymous()
        .from("127.0.0.1", false)
        .look("/?lang=id")
        .await;
    assert_eq!(
        page.header("set-cookie"),
        "lang=id; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"
    );
}

#[tokio::test]
async fn what_a_link_shared_elsewhere_adds_to_the_address_does_no_harm() {
    let school = School::open().await;
    holds(
        &school
            .anonymous()
            .look("/?utm_source=wa&fbclid=x&done=%3Cb%3E")
            .await,
        &["Message board"],
    );
}
