//! Which queries and forms are read, and what is said of the others.

use serde::Deserialize;

use super::*;

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Sample {
    limit: Option<u64>,
    q: Option<String>,
    before: Option<i64>,
    is_on: bool,
}

#[track_caller]
fn check(text: &str, field: &str, code: &str) {
    let fault = parse::<Sample>(text).unwrap_err();
    assert_eq!(
        (&*fault.field, fault.code),
        (field, code),
        "{text}: {}",
        fault.detail
    );
}

#[test]
fn escapes_and_pluses_are_undone() {
    let found: Sample = parse("q=a+b%2Bc%26&limit=7&&before=-3&is_on=on").unwrap();
    let expected = Sample {
        limit: Some(7),
        q: Some("a b+c&".to_owned()),
        before: Some(-3),
        is_on: true,
    };
    assert_eq!(found, expected);
    assert_eq!(parse::<Sample>("").unwrap(), Sample::default());
    assert_eq!(
        parse::<Sample>("%71=%C3%A9").unwrap().q.as_deref(),
        Some("é")
    );
}

#[test]
fn what_is_unknown_twice_or_of_another_type_is_named() {
    check("limt=7", "limt", "unknown");
    check("limit=7&limit=8", "limit", "duplicate");
    check("limit=7&l%69mit=8", "limit", "duplicate");
    for wrong in [
        "x",
        "",
        "-1",
        "1.5",
        "+7",
        "99999999999999999999999",
        "7%00",
        "0x10",
        "%C2%B2",
    ] {
        check(&format!("limit={wrong}"), "limit", "type");
    }
    check("is_on=maybe", "is_on", "type");
}

#[test]
fn torn_escapes_and_bytes_that_are_no_utf_8_are_named() {
    for wrong in ["%", "%2", "%zz", "%ff", "%C3"] {
        check(&format!("q={wrong}"), "q", "encoding");
    }
}

#[test]
fn the_nearest_name_is_offered() {
    let detail = |text: &str| parse::<Sample>(text).unwrap_err().detail.into_owned();
    assert_eq!(detail("limti=7"), "is unknown here: did you mean `limit`?");
    assert!(detail("colour=red").contains("expected are `limit`, `q`"));
    assert!(detail(&"x".repeat(10_000)).contains("expected are"));
}

#[test]
fn a_flood_of_names_is_not_read_to_its_end() {
    let names: Vec<_> = (0..30_000).map(|index| format!("{index}")).collect();
    check(&names.join("&"), "64", "too_many");
}
