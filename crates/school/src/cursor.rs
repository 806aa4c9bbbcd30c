//! The signed place in a list that a caller may come back with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Version byte, id, and the first 16 bytes of the HMAC.
const BYTES: usize = 1 + 8 + 16;
const VERSION: u8 = 1;

/// Makes and checks cursors; every replica has the same key.
#[derive(Clone)]
pub struct CursorKey([u8; 32]);

impl CursorKey {
    /// The name of the setting that holds the key.
    pub const SETTING: &'static str = "cursor_key";

    /// `None` unless the key has 32 bytes.
    pub fn new(key: &[u8]) -> Option<Self> {
        key.try_into().map(Self).ok()
    }

    /// The cursor after the row `id` of the list `list`; the list's name holds its filter and order too.
    pub fn seal(&self, list: &str, id: i64) -> String {
        let mut bytes = [0; BYTES];
        bytes[0] = VERSION;
        bytes[1..9].copy_from_slice(&id.to_be_bytes());
        let tag = self.mac(list, id).finalize().into_bytes();
        bytes[9..].copy_from_slice(&tag[..16]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The id, if the cursor was made here for this very list.
    pub fn open(&self, list: &str, cursor: &str) -> Option<i64> {
        let bytes: [u8; BYTES] = URL_SAFE_NO_PAD.decode(cursor).ok()?.try_into().ok()?;
        if bytes[0] != VERSION {
            return None;
        }
        let id = i64::from_be_bytes(bytes[1..9].try_into().ok()?);
        self.mac(list, id).verify_truncated_left(&bytes[9..]).ok()?;
        Some(id)
    }

    fn mac(&self, list: &str, id: i64) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(&[VERSION]);
        mac.update(&id.to_be_bytes());
        mac.update(list.as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_only_for_its_list_and_its_key() {
        let key = CursorKey([1; 32]);
        let cursor = key.seal("users", 42);
        assert_eq!(key.open("users", &cursor), Some(42));
        assert_eq!(key.open("messages", &cursor), None);
        assert_eq!(CursorKey([2; 32]).open("users", &cursor), None);
    }

    #[test]
    fn a_changed_cursor_is_refused() {
        let key = CursorKey([1; 32]);
        let cursor = key.seal("users", 42);
        for index in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(key.open("users", &changed), None, "{changed}");
        }
        assert_eq!(key.open("users", ""), None);
        assert_eq!(key.open("users", "%%%"), None);
    }
}
