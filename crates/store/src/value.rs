//! Values as they go into statements and come out of rows: integers, texts and bytes, on every engine.

use std::vec::IntoIter;

use school::{StoreError, Timestamp};

/// One value. Booleans are 0 and 1, times are microseconds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
    /// In a unit of work: the id that an earlier statement returned.
    NewId,
}

/// The parameters of a statement, in the order of `$1`, `$2`, ….
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::value::Value::from($value)),*] };
}
pub(crate) use values;

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Int(i64::from(value))
    }
}

impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Self::Int(value.0)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<[u8; 32]> for Value {
    fn from(value: [u8; 32]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One row, read from its first column to its last.
#[derive(Debug)]
pub(crate) struct Row {
    values: IntoIter<Value>,
}

impl Row {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self {
            values: values.into_iter(),
        }
    }

    /// Those that were not read yet.
    pub(crate) fn into_values(self) -> Vec<Value> {
        self.values.collect()
    }

    pub(crate) fn int(&mut self) -> Result<i64, StoreError> {
        match self.values.next() {
            Some(Value::Int(value)) => Ok(value),
            other => Err(wrong("an integer", other.as_ref())),
        }
    }

    pub(crate) fn optional_int(&mut self) -> Result<Option<i64>, StoreError> {
        match self.values.next() {
            Some(Value::Int(value)) => Ok(Some(value)),
            Some(Value::Null) => Ok(None),
            other => Err(wrong("an integer or nothing", other.as_ref())),
        }
    }

    pub(crate) fn bool(&mut self) -> Result<bool, StoreError> {
        self.int().map(|value| value != 0)
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, StoreError> {
        self.int().map(Timestamp)
    }

    pub(crate) fn text(&mut self) -> Result<String, StoreError> {
        match self.values.next() {
            Some(Value::Text(value)) => Ok(value),
            other => Err(wrong("a text", other.as_ref())),
        }
    }

    pub(crate) fn optional_text(&mut self) -> Result<Option<String>, StoreError> {
        match self.values.next() {
            Some(Value::Text(value)) => Ok(Some(value)),
            Some(Value::Null) => Ok(None),
            other => Err(wrong("a text or nothing", other.as_ref())),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, StoreError> {
        match self.values.next() {
            Some(Value::Bytes(value)) => Ok(value),
            other => Err(wrong("bytes", other.as_ref())),
        }
    }

    pub(crate) fn hash(&mut self) -> Result<[u8; 32], StoreError> {
        let bytes = self.bytes()?;
        bytes
            .try_into()
            .map_err(|_| corrupt("a hash has not 32 bytes"))
    }
}

/// A value that the schema rules out; it is not shown, since it may be a secret's digest or a person's name.
fn wrong(expected: &str, found: Option<&Value>) -> StoreError {
    let found = match found {
        None => "no column",
        Some(Value::Null) => "nothing",
        Some(Value::Int(_)) => "an integer",
        Some(Value::Text(_)) => "a text",
        Some(Value::Bytes(_)) => "bytes",
        Some(Value::NewId) => "a placeholder",
    };
    corrupt(&format!(
        "a column should hold {expected} and holds {found}"
    ))
}

pub(crate) fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(what.into())
}
