//! `GET /users`: pages by offset and by cursor, searches, links, totals.

use std::collections::BTreeSet;

use school::Role;
use serde_json::{Value, json};

use crate::support::{Answer, Caller, School};

fn ids(answer: &Answer) -> Vec<i64> {
    let json = answer.json();
    let users = json["users"].as_array().unwrap();
    users
        .iter()
        .map(|user| user["id"].as_i64().unwrap())
        .collect()
}

/// The address behind a relation of the `Link` header.
fn link(answer: &Answer, relation: &str) -> Option<String> {
    let ending = format!("; rel=\"{relation}\"");
    let mut links = answer.header("link").split(", ");
    let link = links.find_map(|link| link.strip_suffix(&ending))?;
    Some(link.trim_matches(['<', '>']).to_owned())
}

async fn school_of(people: usize) -> (School, Caller) {
    let school = School::open().await;
    for index in 3..people {
        school.add(&format!("Pupil{index}"), Role::Member).await;
    }
    let staff = school.staff().await;
    (school, staff)
}

#[tokio::test]
async fn the_first_page_has_ten_users_and_the_total() {
    let (_school, staff) = school_of(12).await;
    let page = staff.get("/users").await.expect(200);
    let json = page.json();
    assert_eq!(ids(&page), (1..=10).collect::<Vec<_>>());
    assert_eq!(
        (&json["limit"], &json["offset"], &json["total"]),
        (&json!(10), &json!(0), &json!(12))
    );
    assert!(json["next"].is_string());
}

#[tokio::test]
async fn pages_by_offset_link_to_those_that_there_are() {
    let (_school, staff) = school_of(12).await;
    let middle = staff.get("/users?limit=5&offset=3").await.expect(200);
    assert_eq!(ids(&middle), [4, 5, 6, 7, 8]);
    assert_eq!(middle.json()["offset"], 3);
    assert_eq!(link(&middle, "first").unwrap(), "/users?limit=5&offset=0");
    assert_eq!(link(&middle, "prev").unwrap(), "/users?limit=5&offset=0");
    assert_eq!(link(&middle, "next").unwrap(), "/users?limit=5&offset=8");
    let last = staff.get("/users?limit=5&offset=8").await.expect(200);
    assert_eq!((link(&last, "next"), last.json().get("next")), (None, None));
    assert_eq!(link(&last, "prev").unwrap(), "/users?limit=5&offset=3");
    let beyond = staff.get("/users?offset=50").await.expect(200);
    assert_eq!(
        (ids(&beyond), beyond.json()["total"].clone()),
        (vec![], json!(12))
    );
    let first = staff.get("/users?offset=0").await.expect(200);
    assert_eq!(link(&first, "prev"), None);
}

#[tokio::test]
async fn a_walk_by_links_meets_each_row_once_while_others_come_and_go() {
    let (school, staff) = school_of(40).await;
    let admin = school.admin().await;
    let mut wanted: BTreeSet<i64> = (1..=40).collect();
    let (mut met, mut path, mut round) = (Vec::new(), "/users?limit=7".to_owned(), 0);
    loop {
        let page = staff.get(&path).await.expect(200);
        met.extend(ids(&page));
        // One already met goes, one not yet met goes, one comes.
        for gone in [4 + round, 40 - round] {
            admin.delete(&format!("/user/{gone}")).await.expect(204);
        }
        wanted.retain(|id| met.contains(id) || ![4 + round, 40 - round].contains(id));
        wanted.insert(school.add(&format!("Late{round}"), Role::Member).await.id);
        round += 1;
        match link(&page, "next") {
            Some(next) => path = next,
            None => break,
        }
    }
    let unique: BTreeSet<i64> = met.iter().copied().collect();
    assert_eq!(unique.len(), met.len(), "{met:?}");
    let last = *met.last().unwrap();
    wanted.retain(|id| *id <= last);
    assert_eq!(unique, wanted);
    assert!(round > 4, "{round} pages");
}

#[tokio::test]
async fn a_page_by_cursor_has_no_offset_and_no_way_back() {
    let (_school, staff) = school_of(12).await;
    let first = staff.get("/users?limit=5").await.expect(200).json();
    let next = first["next"].as_str().unwrap();
    let page = staff
        .get(&format!("/users?limit=5&cursor={next}"))
        .await
        .expect(200);
    assert_eq!(ids(&page), [6, 7, 8, 9, 10]);
    assert_eq!(
        (page.json().get("offset"), link(&page, "prev")),
        (None, None)
    );
    assert_eq!(link(&page, "first").unwrap(), "/users?limit=5");
}

#[tokio::test]
async fn a_search_finds_parts_of_names_and_its_cursors_are_its_own() {
    let (school, staff) = school_of(20).await;
    let found = staff.get("/users?q=pUpIl1&limit=4").await.expect(200);
    assert_eq!(ids(&found).len(), 4);
    assert_eq!(found.json().get("total"), None);
    let next = link(&found, "next").unwrap();
    assert!(
        next.starts_with("/users?limit=4&q=pUpIl1&cursor="),
        "{next}"
    );
    let rest = staff.get(&next).await.expect(200);
    assert!(ids(&rest).iter().all(|id| !ids(&found).contains(id)));
    let cursor = found.json()["next"].as_str().unwrap().to_owned();
    staff
        .get(&format!("/users?cursor={cursor}"))
        .await
        .expect_problem(400, "cursor");
    staff
        .get(&format!("/users?q=other&cursor={cursor}"))
        .await
        .expect_problem(400, "cursor");
    school.add("50% & <more>", Role::Member).await;
    let found = staff.get("/users?q=50%25+%26+%3Cm").await.expect(200);
    assert_eq!(ids(&found).len(), 1);
    assert_eq!(
        link(&found, "first").unwrap(),
        "/users?limit=10&q=50%25%20%26%20%3Cm"
    );
}

#[tokio::test]
async fn what_cannot_be_a_page_is_refused_and_named() {
    let (_school, staff) = school_of(3).await;
    for (query, fault) in [
        ("limit=0", "limit range"),
        ("limit=201", "limit range"),
        ("limit=x", "limit type"),
        ("limit=", "limit type"),
        ("limit=-1", "limit type"),
        ("limit=10&limit=10", "limit duplicate"),
        ("offset=100001", "offset range"),
        ("offset=-1", "offset type"),
        ("offset=99999999999999999999", "offset type"),
        ("offset=1&cursor=x", "cursor conflict"),
        ("limti=10", "limti unknown"),
        ("q=", "q required"),
        ("q=%00", "q control_character"),
        ("q=%ff", "q encoding"),
    ] {
        staff
            .get(&format!("/users?{query}"))
            .await
            .expect_faults(400, "parameter", &[fault]);
    }
    let long = "x".repeat(101);
    staff
        .get(&format!("/users?q={long}"))
        .await
        .expect_faults(400, "parameter", &["q too_long"]);
    for cursor in ["", "x", "AQAAAAAAAAAB"] {
        staff
            .get(&format!("/users?cursor={cursor}"))
            .await
            .expect_faults(400, "cursor", &["cursor cursor"]);
    }
    for fine in ["limit=1", "limit=200", "offset=100000"] {
        staff.get(&format!("/users?{fine}")).await.expect(200);
    }
}

#[tokio::test]
async fn an_unknown_parameter_gets_the_nearest_name() {
    let (_school, staff) = school_of(3).await;
    let problem: Value = staff
        .get("/users?ofset=3")
        .await
        .expect_problem(400, "parameter");
    assert_eq!(
        problem["detail"],
        "`ofset` is unknown here: did you mean `offset`?"
    );
}
