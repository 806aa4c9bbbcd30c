//! A request that is sent twice is done once: the `Idempotency-Key`.

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::time::Timestamp;

/// How long a key is remembered.
pub const KEPT: Duration = Duration::from_hours(24);

/// The longest key, in bytes.
pub const MOST_KEY_BYTES: usize = 255;

/// What a store keeps beside the effect of a request that named a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeat {
    /// Whose key it is, such as `person:3`: two callers may use the same key.
    pub caller: String,
    /// The key as the caller chose it: 1 to 255 visible ASCII characters.
    pub key: String,
    /// A digest of what was asked; the same key with another request is refused.
    pub fingerprint: [u8; 32],
    /// When it was asked.
    pub at: Timestamp,
}

impl Repeat {
    /// `None` if the key is empty, too long or not visible ASCII.
    pub fn new(caller: String, key: &str, request: &[&[u8]], at: Timestamp) -> Option<Self> {
        let is_valid = (1..=MOST_KEY_BYTES).contains(&key.len())
            && key.bytes().all(|byte| byte.is_ascii_graphic());
        is_valid.then(|| Self {
            caller,
            key: key.to_owned(),
            fingerprint: fingerprint(request),
            at,
        })
    }
}

fn fingerprint(request: &[&[u8]]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in request {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

/// What became of an insert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inserted {
    /// The row is new and durable; this is its id.
    New(i64),
    /// The same request was done before under this key: the id it got, and the object as it was then (JSON without the id).
    Repeated {
        /// The id of the first insert.
        id: i64,
        /// The audit trail's picture of the object after the first insert.
        after: String,
    },
}

/// What came of a request that may have been sent before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done<T> {
    /// It was done now.
    First(T),
    /// It had been done before under the same key; this is the object as it was then.
    Repeated(T),
}

impl<T> Done<T> {
    /// The object, whenever it was made.
    pub fn into_object(self) -> T {
        match self {
            Self::First(object) | Self::Repeated(object) => object,
        }
    }

    /// Whether the first answer is given again.
    pub fn is_repeated(&self) -> bool {
        matches!(self, Self::Repeated(_))
    }
}
