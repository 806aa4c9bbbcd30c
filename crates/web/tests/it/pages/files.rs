//! The files that pages load.

use super::Browse;
use crate::support::School;

fn file(page: &str, start: &str) -> String {
    let (_, rest) = page.split_once(start).unwrap();
    format!("{start}{}", rest.split('"').next().unwrap())
}

#[tokio::test]
async fn a_pages_files_are_there_for_good_under_the_names_it_gives() {
    let school = School::open().await;
    let page = school.anonymous().look("/").await;
    for (start, kind) in [
        ("/assets/style.", "text/css; charset=utf-8"),
        ("/assets/icon.", "image/svg+xml"),
    ] {
        let path = file(page.text(), start);
        let answer = school.anonymous().get(&path).await.expect(200);
        assert_eq!(answer.header("content-type"), kind);
        assert_eq!(
            answer.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
        let etag = answer.header("etag").to_owned();
        for known in [
            etag.clone(),
            format!("W/{etag}"),
            format!("\"x\", {etag}"),
            "*".to_owned(),
        ] {
            let again = school
                .anonymous()
                .header("if-none-match", &known)
                .get(&path)
                .await
                .expect(304);
            assert!(again.body.is_empty());
            assert_eq!(again.header("etag"), etag);
        }
        school
            .anonymous()
            .header("if-none-match", "\"x\"")
            .get(&path)
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn a_name_of_another_content_is_not_there() {
    let school = School::open().await;
    for path in [
        "/assets/style.css",
        "/assets/style.0000000000000000.css",
        "/assets/",
        "/assets/..%2fstyle.css",
    ] {
        school.anonymous().get(path).await.expect(404);
    }
}

#[tokio::test]
async fn the_icon_is_also_where_browsers_look_for_it_unasked() {
    let school = School::open().await;
    let icon = school.anonymous().get("/favicon.ico").await.expect(200);
    assert_eq!(
        (icon.header("content-type"), icon.header("cache-control")),
        ("image/svg+xml", "no-cache")
    );
}

#[tokio::test]
async fn the_style_is_small_and_loads_nothing_from_elsewhere() {
    let school = School::open().await;
    let page = school.anonymous().look("/").await;
    let style = school
        .anonymous()
        .get(&file(page.text(), "/assets/style."))
        .await
        .expect(200);
    assert!(style.body.len() < 10_000, "{} bytes", style.body.len());
    for foreign in ["@import", "http:", "https:", "//", "url("] {
        assert!(!style.text().contains(foreign), "{foreign}");
    }
}
