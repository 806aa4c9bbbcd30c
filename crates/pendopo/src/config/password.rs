//! A password for a store, as settings hold it: a text, or the file that holds it, which is read whenever it is needed.

use std::path::PathBuf;

use lifecycle::Password;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::admin::MASK;

/// What [`super::merge`] makes of the key itself, or of the one with `_file`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Plain(SecretString),
    InFile { file: PathBuf },
}

pub(super) fn serialize<S: Serializer>(
    password: &Password,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    password.is_given().then_some(MASK).serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Password, D::Error> {
    Ok(match Written::deserialize(from)? {
        Written::Plain(secret) => Password::plain(secret),
        Written::InFile { file } => Password::in_file(file),
    })
}
