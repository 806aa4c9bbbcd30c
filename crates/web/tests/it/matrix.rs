//! Every operation of the API's description as every kind of caller, another person's object included.

use std::collections::BTreeSet;
use std::time::Duration;

use http::Method;
use school::Role;
use school::tokens::Scope;
use serde_json::{Value, json};

use crate::support::{Caller, School};

/// Who calls. The object is always the member's: their record, their message, their token.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Visitor,
    Member,
    OtherMember,
    Staff,
    Admin,
    AdminReading,
    DisabledToken,
    ExpiredToken,
    ExpiredSession,
    OneTimePassword,
}

const KINDS: [Kind; 10] = [
    Kind::Visitor,
    Kind::Member,
    Kind::OtherMember,
    Kind::Staff,
    Kind::Admin,
    Kind::AdminReading,
    Kind::DisabledToken,
    Kind::ExpiredToken,
    Kind::ExpiredSession,
    Kind::OneTimePassword,
];

/// What each operation answers to each of `KINDS`, in that order.
#[rustfmt::skip]
const EXPECTED: &[(&str, &str, [u16; 10])] = &[
    ("get", "/health",           [200, 200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("post", "/user",            [401, 403, 403, 201, 201, 403, 401, 401, 401, 403]),
    ("get", "/user/{id}",        [401, 200, 403, 200, 200, 200, 401, 401, 401, 403]),
    ("patch", "/user/{id}",      [401, 403, 403, 200, 200, 403, 401, 401, 401, 403]),
    ("delete", "/user/{id}",     [401, 403, 403, 403, 204, 403, 401, 401, 401, 403]),
    ("get", "/users",            [401, 403, 403, 200, 200, 200, 401, 401, 401, 403]),
    ("get", "/messages",         [200, 200, 200, 200, 200, 200, 401, 401, 200, 403]),
    ("post", "/messages",        [201, 201, 201, 201, 201, 403, 401, 401, 201, 403]),
    ("delete", "/messages/{id}", [401, 403, 403, 204, 204, 403, 401, 401, 401, 403]),
    ("get", "/tokens",           [401, 200, 200, 200, 200, 200, 401, 401, 401, 403]),
    ("post", "/tokens",          [401, 201, 201, 201, 201, 403, 401, 401, 401, 403]),
    ("delete", "/tokens/{id}",   [401, 204, 404, 404, 204, 403, 401, 401, 401, 403]),
];

async fn caller(school: &School, kind: Kind) -> Caller {
    match kind {
        Kind::Visitor => school.anonymous(),
        Kind::Member => school.member().await,
        Kind::OtherMember => {
            let other = school.add("Oka", Role::Member).await;
            school.by_token(&other, Scope::Write).await
        }
        Kind::Staff => school.staff().await,
        Kind::Admin => school.admin().await,
        Kind::AdminReading => school.by_token(&school.admin, Scope::Read).await,
        Kind::DisabledToken => disabled(school).await,
        Kind::ExpiredToken => {
            let caller = school.admin().await;
            school.pass(Duration::from_hours(31 * 24));
            caller
        }
        Kind::ExpiredSession => {
            let caller = school.by_session(&school.admin).await;
            school.pass(Duration::from_hours(13));
            caller
        }
        Kind::OneTimePassword => {
            school.give_one_time_password(&school.admin).await;
            school.by_session(&school.admin).await
        }
    }
}

async fn disabled(school: &School) -> Caller {
    let gone = school.add("Gus", Role::Admin).await;
    let caller = school.by_token(&gone, Scope::Write).await;
    let admin = school.admin().await;
    let path = format!("/user/{}", gone.id);
    admin
        .patch(&path, &json!({"is_disabled": true}))
        .await
        .expect(200);
    caller
}

/// A school whose member has a record, a message and a token; answers the address of the one at `path`.
async fn prepare(path: &str) -> (School, String) {
    let school = School::open().await;
    let member = school.member().await;
    let place = match path {
        "/messages/{id}" => {
            let posted = member
                .post("/messages", &json!({"message": "x"}))
                .await
                .expect(201);
            posted.header("location").to_owned()
        }
        "/tokens/{id}" => {
            let wish = json!({"label": "x", "scope": "read", "days": 1});
            member
                .post("/tokens", &wish)
                .await
                .expect(201)
                .header("location")
                .to_owned()
        }
        path => path.replace("{id}", &school.member.id.to_string()),
    };
    (school, place)
}

fn body(method: &str, path: &str) -> Option<Value> {
    match (method, path) {
        ("post", "/user") => Some(json!({"first_name": "Ani", "last_name": "Budi"})),
        ("patch", "/user/{id}") => Some(json!({"last_name": "Citra"})),
        ("post", "/messages") => Some(json!({"message": "x"})),
        ("post", "/tokens") => Some(json!({"label": "x", "scope": "read", "days": 1})),
        _ => None,
    }
}

async fn status(method: &str, path: &str, kind: Kind) -> u16 {
    let (school, place) = prepare(path).await;
    let caller = caller(&school, kind).await;
    let answer = match body(method, path) {
        Some(body) => {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            caller
                .send_as(method, &place, "application/json", body.to_string())
                .await
        }
        None => caller.bare(&method.to_uppercase(), &place).await,
    };
    answer.status.as_u16()
}

fn described() -> BTreeSet<(String, String)> {
    let document: Value = serde_json::from_str(&web::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys();
        methods.map(move |method| (method.clone(), path.clone()))
    });
    operations.collect()
}

#[test]
fn every_operation_has_its_row() {
    let rows = EXPECTED
        .iter()
        .map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned()));
    assert_eq!(rows.collect::<BTreeSet<_>>(), described());
}

#[tokio::test]
async fn every_operation_answers_every_kind_of_caller_as_its_row_says() {
    let mut wrong = Vec::new();
    for (method, path, expected) in EXPECTED {
        for (kind, expected) in KINDS.into_iter().zip(*expected) {
            let found = status(method, path, kind).await;
            let said = format!("{method} {path} as {kind:?}: {found}, not {expected}");
            wrong.extend((found != expected).then_some(said));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
