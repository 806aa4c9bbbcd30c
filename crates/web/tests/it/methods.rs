//! Methods and addresses that are not there, `HEAD` and `OPTIONS`, and the form of errors by `Accept`.

use crate::support::School;

#[tokio::test]
async fn an_address_that_is_not_there_is_a_problem() {
    let school = School::open().await;
    for path in [
        "/nothing",
        "/user",
        "/users/",
        "/user/1/x",
        "//users",
        "/USERS",
    ] {
        let answer = school.anonymous().bare("GET", path).await;
        if path == "/user" {
            answer.expect_problem(405, "method_not_allowed");
        } else {
            let problem = answer.expect_problem(404, "not_found");
            assert_eq!(problem["instance"], path);
        }
    }
}

#[tokio::test]
async fn a_method_that_is_not_there_names_those_that_are() {
    let school = School::open().await;
    for (method, path, allow) in [
        ("PUT", "/user/1", "GET,HEAD,PATCH,DELETE"),
        ("GET", "/user", "POST"),
        ("POST", "/users", "GET,HEAD"),
        ("TRACE", "/users", "GET,HEAD"),
        ("QUERY", "/messages", "GET,HEAD,POST"),
        ("DELETE", "/health", "GET,HEAD"),
        ("POST", "/openapi.json", "GET,HEAD"),
    ] {
        let answer = school.anonymous().bare(method, path).await;
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
        answer.expect_problem(405, "method_not_allowed");
    }
}

#[tokio::test]
async fn options_lists_the_methods_of_an_address() {
    let school = School::open().await;
    let answer = school
        .anonymous()
        .bare("OPTIONS", "/user/1")
        .await
        .expect(204);
    assert_eq!(answer.header("allow"), "GET,HEAD,PATCH,DELETE");
    school
        .anonymous()
        .bare("OPTIONS", "/nothing")
        .await
        .expect_problem(404, "not_found");
    let preflight = school
        .anonymous()
        .header("origin", "https://evil.example")
        .header("access-control-request-method", "PATCH");
    let answer = preflight.bare("OPTIONS", "/user/1").await.expect(204);
    assert!(
        answer
            .headers
            .keys()
            .all(|name| !name.as_str().starts_with("access-control"))
    );
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let school = School::open().await;
    let admin = school.admin().await;
    for path in [
        "/users",
        "/user/1",
        "/messages",
        "/health",
        "/openapi.json",
        "/tokens",
    ] {
        let get = admin.get(path).await.expect(200);
        let head = admin.bare("HEAD", path).await.expect(200);
        assert!(head.body.is_empty(), "{path}");
        assert_eq!(
            head.header("content-length"),
            get.body.len().to_string(),
            "{path}"
        );
        for name in ["content-type", "etag", "link", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
}

#[tokio::test]
async fn a_browser_gets_a_page_and_a_program_a_problem_document() {
    let school = School::open().await;
    let get = async |accept: &str| {
        let caller = school.anonymous().header("accept", accept);
        caller
            .get("/nothing")
            .await
            .expect(404)
            .header("content-type")
            .to_owned()
    };
    for page in [
        "text/html",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    ] {
        assert_eq!(get(page).await, "text/html; charset=utf-8", "{page}");
    }
    for document in [
        "",
        "*/*",
        "application/json",
        "application/json, text/html",
        "application/problem+json",
        "image/png",
        "text/html;q=0",
    ] {
        assert_eq!(
            get(document).await,
            "application/problem+json",
            "{document}"
        );
    }
    let page = school
        .anonymous()
        .header("accept", "text/html")
        .get("/user/x%3Cscript%3E")
        .await
        .expect(400);
    assert!(
        page.text().contains("00000000000000000000000000000abc")
            && !page.text().contains("<script>")
    );
    let vary: Vec<_> = page.headers.get_all("vary").iter().collect();
    assert_eq!(vary, ["accept-language, cookie", "accept"]);
    assert_eq!(page.header("cache-control"), "no-store");
}
