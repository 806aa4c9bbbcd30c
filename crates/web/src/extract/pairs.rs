//! Names and values as a query or a form writes them (`a=1&b=x+y`), read strictly into a structure.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::{MapDeserializer, StrDeserializer};
use serde::de::{self, DeserializeOwned, IntoDeserializer, Visitor};

use crate::error::Fault;

/// The most pairs that are read: no page and no address has half as many.
const MOST_PAIRS: usize = 64;

/// Reads the pairs into `T`: a name that `T` does not know, or one given twice, is a fault.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    let mut pairs: Vec<(Cow<'_, str>, Text<'_>)> = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(name).ok_or_else(|| no_utf8(name))?;
        if pairs.len() == MOST_PAIRS {
            let detail = format!("is one too many: there may be {MOST_PAIRS}");
            return Err(Fault::new(name.into_owned(), "too_many", detail));
        }
        if pairs.iter().any(|(known, _)| *known == name) {
            return Err(Fault::new(name.into_owned(), "duplicate", "is given twice"));
        }
        let value = decode(value).ok_or_else(|| no_utf8(&name))?;
        pairs.push((name.clone(), Text { name, value }));
    }
    T::deserialize(MapDeserializer::new(pairs.into_iter())).map_err(|Wrong(fault)| fault)
}

fn no_utf8(name: &str) -> Fault {
    Fault::new(name.to_owned(), "encoding", "must be percent-encoded UTF-8")
}

/// Undoes `%41` and `+`; `None` if an escape is torn or the bytes are no UTF-8.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.bytes().any(|byte| byte == b'%' || byte == b'+') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex_digit(rest.next()?)? * 16 + hex_digit(rest.next()?)?,
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

/// One value, which knows its name for the sake of its fault.
struct Text<'a> {
    name: Cow<'a, str>,
    value: Cow<'a, str>,
}

impl Text<'_> {
    fn number<T: std::str::FromStr>(&self, rule: &'static str) -> Result<T, Wrong> {
        let is_plain = self
            .value
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-');
        let number = is_plain.then(|| self.value.parse().ok()).flatten();
        number.ok_or_else(|| self.wrong("type", rule))
    }

    fn wrong(&self, code: &'static str, rule: impl Into<Cow<'static, str>>) -> Wrong {
        Wrong(Fault::new(self.name.clone().into_owned(), code, rule))
    }
}

impl<'de> IntoDeserializer<'de, Wrong> for Text<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Numbers are read as such, everything else as text.
impl<'de> de::Deserializer<'de> for Text<'de> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor
            .visit_str(&self.value)
            .map_err(|error: Wrong| self.wrong("type", error.0.detail))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_some(self)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_u64(self.number("must be a whole number from 0")?)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_i64(self.number("must be a whole number")?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &*self.value {
            "true" | "on" | "1" => visitor.visit_bool(true),
            "false" | "off" | "0" => visitor.visit_bool(false),
            _ => Err(self.wrong("type", "must be `true` or `false`")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        let deserializer: StrDeserializer<'_, Wrong> = (&*self.value).into_deserializer();
        let result = deserializer.deserialize_enum(name, variants, visitor);
        result.map_err(|error| self.wrong("type", error.0.detail))
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u32 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// serde's faults with the names that they are about.
#[derive(Debug)]
struct Wrong(Fault);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.0.field, self.0.detail)
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(Fault::new("", "type", message.to_string()))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self(Fault::new(
            "",
            "type",
            format!("must be one of `{}`", expected.join("`, `")),
        ))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let detail = match nearest(field, expected) {
            Some(near) => format!("is unknown here: did you mean `{near}`?"),
            None if expected.is_empty() => "is unknown: nothing is expected here".to_owned(),
            None => format!("is unknown here: expected are `{}`", expected.join("`, `")),
        };
        Self(Fault::new(field.to_owned(), "unknown", detail))
    }

    fn missing_field(field: &'static str) -> Self {
        Self(Fault::new(field, "required", "is required"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self(Fault::new(field, "duplicate", "is given twice"))
    }
}

fn nearest(field: &str, expected: &[&'static str]) -> Option<&'static str> {
    let distances = expected
        .iter()
        .map(|name| (strsim::damerau_levenshtein(field, name), *name));
    // Names are compared only when short: the cost grows with the product of the lengths.
    let near = (field.len() <= 64).then(|| distances.min()).flatten();
    near.filter(|(distance, name)| *distance * 2 <= name.len())
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests;
