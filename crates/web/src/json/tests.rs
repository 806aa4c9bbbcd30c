//! Answers in both hands: this module's and `serde_json`'s.

use std::collections::BTreeMap;

use school::Timestamp;
use serde::Serialize;

use super::write;

#[derive(Serialize)]
struct Inner<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    absent: Option<&'a str>,
}

#[derive(Serialize)]
struct Outer<'a> {
    number: i64,
    count: u64,
    small: u8,
    flag: bool,
    time: Timestamp,
    nothing: Option<i64>,
    something: Option<i64>,
    list: Vec<Inner<'a>>,
    empty: [i64; 0],
    none: &'a [i64],
}

#[derive(Serialize)]
enum Odd {
    Unit,
    Newtype(i64),
    Tuple(i64, bool),
    Struct { number: i64 },
}

fn check(value: &impl Serialize) {
    let mut out = b"before".to_vec();
    write(value, &mut out);
    let expected = serde_json::to_string(value).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), format!("before{expected}"));
}

#[test]
fn an_answer_is_what_serde_json_would_write() {
    let every = ('\0'..='\u{a0}').chain("é\u{2028}\u{1F4DA}".chars());
    for text in every.map(|one| format!("a{one}b")).chain([String::new()]) {
        let inner = |absent| Inner {
            text: &text,
            absent,
        };
        check(&Outer {
            number: i64::MIN,
            count: u64::MAX,
            small: 7,
            flag: true,
            time: Timestamp(1_790_000_000_000_001),
            nothing: None,
            something: Some(-1),
            list: vec![inner(None), inner(Some(&text))],
            empty: [],
            none: &[],
        });
    }
}

#[test]
fn a_shape_that_is_not_known_is_written_all_the_same() {
    check(&[Some(0.5), None]);
    check(&BTreeMap::from([("a\"b", vec!['c'])]));
    check(&((), "text", [1_u8, 2]));
    check(&vec![
        Odd::Unit,
        Odd::Newtype(1),
        Odd::Tuple(2, false),
        Odd::Struct { number: 3 },
    ]);
}
