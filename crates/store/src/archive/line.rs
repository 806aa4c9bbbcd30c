//! One row as one line: a JSON array, in which bytes are `{"base64":"…"}`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use school::secret::hex;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::{ArchiveError, TablePart};
use crate::value::Value;

const BYTES: &str = "base64";

/// Appends the row's line, its end included.
pub(super) fn write(row: &[Value], line: &mut Vec<u8>) {
    let array: Json = row.iter().map(json).collect();
    line.extend_from_slice(array.to_string().as_bytes());
    line.push(b'\n');
}

fn json(value: &Value) -> Json {
    match value {
        Value::Null | Value::NewId => Json::Null,
        Value::Int(value) => json!(value),
        Value::Text(text) => json!(text),
        Value::Bytes(bytes) => json!({ BYTES: STANDARD.encode(bytes) }),
    }
}

/// Reads a line; it must have this many values.
pub(super) fn read(line: &[u8], columns: usize) -> Result<Vec<Value>, ArchiveError> {
    let wrong = || ArchiveError::Damaged("a line is no row of its table".to_owned());
    let row: Vec<Json> = serde_json::from_slice(line).map_err(|_| wrong())?;
    if row.len() != columns {
        return Err(wrong());
    }
    row.into_iter()
        .map(|json| value(json).ok_or_else(wrong))
        .collect()
}

fn value(json: Json) -> Option<Value> {
    match json {
        Json::Null => Some(Value::Null),
        Json::Number(number) => number.as_i64().map(Value::Int),
        Json::String(text) => Some(Value::Text(text)),
        Json::Object(members) if members.len() == 1 => {
            let text = members.get(BYTES)?.as_str()?;
            STANDARD.decode(text).ok().map(Value::Bytes)
        }
        _ => None,
    }
}

/// Counts and digests the lines of a table.
#[derive(Default)]
pub(super) struct Digest {
    rows: u64,
    sha256: Sha256,
}

impl Digest {
    pub(super) fn add(&mut self, line: &[u8]) {
        self.rows += 1;
        self.sha256.update(line);
    }

    pub(super) fn part(self, name: &str) -> TablePart {
        TablePart {
            name: name.to_owned(),
            rows: self.rows,
            sha256: hex(&self.sha256.finalize()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{
        Just, ProptestConfig, Strategy, any, prop_assert_eq, prop_oneof, proptest,
    };

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::Int),
            any::<String>().prop_map(Value::Text),
            any::<Vec<u8>>().prop_map(Value::Bytes),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_row_comes_back_as_it_went(row in proptest::collection::vec(values(), 0..6)) {
            let mut line = Vec::new();
            write(&row, &mut line);
            prop_assert_eq!(line.split(|byte| *byte == b'\n').count(), 2);
            prop_assert_eq!(read(&line, row.len()).unwrap(), row);
        }
    }

    #[test]
    fn anything_else_is_damage() {
        for line in [
            "",
            "[1",
            "[1]",
            "[1,2,3]",
            "[1.5,2]",
            "[true,1]",
            "[[],1]",
            "[{\"base64\":\"?\"},1]",
        ] {
            assert!(read(line.as_bytes(), 2).is_err(), "{line}");
        }
    }
}
