//! JSON straight from what answers hold. `serde_json` looks at each byte of each text and each name by a table; here a
//! text is looked through as a whole, and names are copied. What is not known here is left to `serde_json`.

mod fields;

use serde::ser::{Error as _, Impossible, Serialize, Serializer};

use fields::{Items, Members};

/// Appends the value.
pub(crate) fn write(value: &impl Serialize, out: &mut Vec<u8>) {
    let start = out.len();
    if value.serialize(Writer { out }).is_err() {
        out.truncate(start);
        serde_json::to_writer(out, value).expect("answers have string keys and no failing parts");
    }
}

/// Writes one value.
struct Writer<'a> {
    out: &'a mut Vec<u8>,
}

type Error = serde_json::Error;
type Written = Result<(), Error>;
type Never = Impossible<(), Error>;

/// `serde_json` writes it instead.
fn unknown<T>() -> Result<T, Error> {
    Err(Error::custom("a shape that answers seldom have"))
}

impl Writer<'_> {
    fn raw(self, text: &[u8]) {
        self.out.extend_from_slice(text);
    }

    fn text(self, text: &str) -> Written {
        let bytes = text.as_bytes();
        // One pass that the compiler makes wide, since hardly any text has something to escape.
        let has_special = bytes
            .iter()
            .fold(false, |found, &byte| found | is_special(byte));
        if has_special {
            return serde_json::to_writer(self.out, text);
        }
        self.out.reserve(bytes.len() + 2);
        self.out.push(b'"');
        self.out.extend_from_slice(bytes);
        self.out.push(b'"');
        Ok(())
    }
}

fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

macro_rules! integers {
    ($($method:ident $kind:ty),*) => {
        $(fn $method(self, value: $kind) -> Written {
            self.raw(itoa::Buffer::new().format(value).as_bytes());
            Ok(())
        })*
    };
}

impl<'a> Serializer for Writer<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Items<'a>;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStruct = Members<'a>;
    type SerializeStructVariant = Never;

    integers!(
        serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64
    );

    fn serialize_bool(self, value: bool) -> Written {
        self.raw(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Written {
        self.text(value)
    }

    fn serialize_none(self) -> Written {
        self.raw(b"null");
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &str, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items<'a>, Error> {
        Ok(Items::begin(self.out))
    }

    fn serialize_struct(self, _: &str, _: usize) -> Result<Members<'a>, Error> {
        Ok(Members::begin(self.out))
    }

    fn serialize_f32(self, _: f32) -> Written {
        unknown()
    }

    fn serialize_f64(self, _: f64) -> Written {
        unknown()
    }

    fn serialize_char(self, _: char) -> Written {
        unknown()
    }

    fn serialize_bytes(self, _: &[u8]) -> Written {
        unknown()
    }

    fn serialize_unit(self) -> Written {
        unknown()
    }

    fn serialize_unit_struct(self, _: &str) -> Written {
        unknown()
    }

    fn serialize_unit_variant(self, _: &str, _: u32, _: &str) -> Written {
        unknown()
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &str,
        _: u32,
        _: &str,
        _: &T,
    ) -> Written {
        unknown()
    }

    fn serialize_tuple(self, _: usize) -> Result<Never, Error> {
        unknown()
    }

    fn serialize_tuple_struct(self, _: &str, _: usize) -> Result<Never, Error> {
        unknown()
    }

    fn serialize_tuple_variant(self, _: &str, _: u32, _: &str, _: usize) -> Result<Never, Error> {
        unknown()
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Never, Error> {
        unknown()
    }

    fn serialize_struct_variant(self, _: &str, _: u32, _: &str, _: usize) -> Result<Never, Error> {
        unknown()
    }
}

#[cfg(test)]
mod tests;
