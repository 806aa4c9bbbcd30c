//! Failed requests as pages.

use http::Method;

use super::{Browse, FORM, holds, lacks};
use crate::support::School;

#[tokio::test]
async fn a_browser_gets_a_page_in_its_language_that_says_what_happened() {
    let school = School::open().await;
    let browser = school
        .anonymous()
        .header("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    let page = browser
        .clone()
        .header("accept-language", "id")
        .get("/tidak-ada")
        .await
        .expect(404);
    holds(
        &page,
        &[
            "<html lang=\"id\">",
            "Tidak ada apa-apa di sini",
            "00000000000000000000000000000abc",
        ],
    );
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("cache-control"), "no-store");
    lacks(&page, &["Waktu ditampilkan", "<form"]);
    let page = browser.get("/tidak-ada?lang=en").await.expect(404);
    holds(&page, &["<html lang=\"en\">", "There is nothing here"]);
}

#[tokio::test]
async fn each_kind_of_failure_has_a_page() {
    let school = School::open().await;
    let browser = school.anonymous().header("accept", "text/html");
    holds(
        &browser.bare("DELETE", "/login").await.expect(405),
        &["That cannot be done here"],
    );
    let large = "x".repeat(70_000);
    holds(
        &browser
            .submit("/", &[("message", &large)])
            .await
            .expect(413),
        &["That is too much at once"],
    );
    let json = browser
        .send_as(Method::POST, "/", "application/json", "{}")
        .await
        .expect(415);
    holds(&json, &["This form cannot be read"]);
    let torn = browser
        .send_as(Method::POST, "/", FORM, "message=%ff")
        .await;
    assert!(torn.status.is_client_error(), "{torn:?}");
    let foreign = browser.clone().header("sec-fetch-site", "cross-site");
    let foreign = foreign
        .send_as(Method::POST, "/", FORM, "message=x")
        .await
        .expect(403);
    holds(&foreign, &["That came from another website"]);
    let member = school
        .by_session(&school.member)
        .await
        .header("accept", "text/html");
    holds(
        &member.get("/admin/audit").await.expect(403),
        &["This room is not open to you"],
    );
}

#[tokio::test]
async fn an_address_with_markup_in_it_stays_text() {
    let school = School::open().await;
    let page = school
        .anonymous()
        .header("accept", "text/html")
        .get("/%3Cscript%3E?a=%22%3E%3Cb%3E")
        .await
        .expect(404);
    lacks(&page, &["<script", "\"><b>"]);
}
