//! `/openapi.json`, `/docs` and the pages that explain problems.

use serde_json::Value;

use crate::support::School;

#[tokio::test]
async fn the_description_is_openapi_3_1_and_the_same_as_the_generated_one() {
    let school = School::open().await;
    let answer = school.anonymous().get("/openapi.json").await.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.text(), web::openapi());
    assert_eq!(answer.json()["openapi"], "3.1.0");
    assert_eq!(answer.header("cache-control"), "no-cache");
}

#[tokio::test]
async fn every_operation_is_on_the_reference_page_which_loads_nothing_foreign() {
    let school = School::open().await;
    let page = school.anonymous().get("/docs").await.expect(200);
    let document: Value = serde_json::from_str(&web::openapi()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let shown = format!("<code>{} {path}</code>", method.to_uppercase());
            assert!(page.text().contains(&shown), "{shown}");
        }
    }
    for name in document["components"]["schemas"]
        .as_object()
        .unwrap()
        .keys()
    {
        assert!(page.text().contains(&format!("id=\"{name}\"")), "{name}");
    }
    assert!(!page.text().contains("<script") && !page.text().contains("//cdn"));
    assert!(page.body.len() < 30_000, "{} bytes", page.body.len());
}

#[tokio::test]
async fn every_operation_comes_with_a_command_to_try() {
    let school = School::open().await;
    let page = school.anonymous().get("/docs").await.expect(200);
    let text = page.text().replace("&#34;", "\"").replace("&#39;", "'");
    for command in [
        "curl \"$SERVER/health\"",
        "curl -H \"Authorization: Bearer $TOKEN\" \"$SERVER/users\"",
        "curl -X POST -H 'Content-Type: application/json' -d '{\"message\":\"Selamat pagi\"}' \"$SERVER/messages\"",
        "-d '{\"first_name\":\"Ani\",\"last_name\":\"Budi\"}' \"$SERVER/user\"",
        "-d '{\"days\":90,\"label\":\"nightly import\",\"scope\":\"read\"}' \"$SERVER/tokens\"",
        "-d '{\"first_name\":\"Ani\"}' \"$SERVER/user/1\"",
        "curl -X DELETE -H \"Authorization: Bearer $TOKEN\" \"$SERVER/user/1\"",
    ] {
        assert!(text.contains(command), "{command}: {text}");
    }
}

#[tokio::test]
async fn the_type_of_every_problem_leads_to_a_page_that_explains_it() {
    let school = School::open().await;
    let list = school.anonymous().get("/problems").await.expect(200);
    let links: Vec<&str> = list
        .text()
        .split("href=\"/problems/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(links.len() > 20, "{links:?}");
    for code in links {
        let page = school
            .anonymous()
            .get(&format!("/problems/{code}"))
            .await
            .expect(200);
        assert!(page.text().contains(code));
    }
    let problem = school.anonymous().get("/users").await.expect(401).json();
    school
        .anonymous()
        .get(problem["type"].as_str().unwrap())
        .await
        .expect(200);
    school
        .anonymous()
        .get("/problems/nothing")
        .await
        .expect_problem(404, "not_found");
}
