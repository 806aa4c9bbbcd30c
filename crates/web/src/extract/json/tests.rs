//! Which bodies are read, and what is said of the others.

use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only whether it can be read is tested")]
struct Sample {
    name: String,
    age: Option<u8>,
}

#[track_caller]
fn check(body: &[u8], code: &str, fault: Option<(&str, &str)>) {
    let error = parse::<Sample>(body).unwrap_err();
    let report = error.report();
    let found = report
        .faults
        .first()
        .map(|fault| (&*fault.field, fault.code));
    assert_eq!(
        (report.problem.code, found),
        (code, fault),
        "{:?}",
        report.detail
    );
}

#[test]
fn an_object_with_known_members_is_read() {
    for body in [
        r#"{"name":"x"}"#,
        " {\"name\": \"\\u00e9\", \"age\": null}\n",
        r#"{"age":7,"name":""}"#,
    ] {
        assert!(parse::<Sample>(body.as_bytes()).is_ok(), "{body}");
    }
}

#[test]
fn what_is_no_json_is_malformed() {
    for body in [
        "",
        " \n",
        "{",
        "{\"name\"}",
        "{\"name\":\"x\",}",
        "{\"name\":\"x\"} x",
        "{\"name\":\"x\"}{}",
        "nul",
        "{\"name\":\"\\ud800\"}",
        "{'name':'x'}",
        "{\"name\":\"a\nb\"}",
        "{\"age\":1e999}",
        "\u{feff}{}",
    ] {
        let shown: String = body.chars().take(30).collect();
        let error = parse::<Sample>(body.as_bytes()).expect_err(&shown);
        assert_eq!(error.report().problem.code, "malformed", "{shown}");
    }
    check(b"{\"name\":\"\xff\"}", "malformed", None);
}

#[test]
fn a_wrong_member_is_named() {
    check(br#"{"name":5}"#, "validation", Some(("name", "type")));
    check(
        br#"{"name":"x","age":300}"#,
        "validation",
        Some(("age", "type")),
    );
    check(
        br#"{"name":"x","age":-1}"#,
        "validation",
        Some(("age", "type")),
    );
    check(
        br#"{"name":"x","age":1.5}"#,
        "validation",
        Some(("age", "type")),
    );
    check(
        br#"{"name":"x","age":99999999999999999999999999}"#,
        "validation",
        Some(("age", "type")),
    );
    check(
        br#"{"name":{"name":"x"}}"#,
        "validation",
        Some(("name", "type")),
    );
    check(br#"{"age":7}"#, "validation", Some(("name", "required")));
    check(
        br#"{"name":"x","nmae":"y"}"#,
        "validation",
        Some(("nmae", "unknown")),
    );
    check(
        br#"{"name":"x","name":"y"}"#,
        "validation",
        Some(("name", "duplicate")),
    );
}

#[test]
fn however_deep_it_is_nested_it_is_refused_at_the_first_wrong_type() {
    let deep = "[".repeat(100_000);
    check(deep.as_bytes(), "validation", Some(("", "type")));
    check(
        format!("{{\"name\":{deep}").as_bytes(),
        "validation",
        Some(("name", "type")),
    );
}

#[test]
fn anything_but_an_object_is_refused() {
    for body in [r#"["x",7]"#, r#""x""#, "7", "null", "true", "[]"] {
        check(body.as_bytes(), "validation", Some(("", "type")));
    }
}
