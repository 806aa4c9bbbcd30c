//! Random secrets that a browser or a program carries, and the digest that a store keeps instead.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// 256 random bits in 43 characters of base64url. Shown once; only its digest is stored.
#[derive(Debug, Clone)]
pub struct Secret(SecretString);

/// The SHA-256 of a secret's text: enough, since a secret is random and cannot be guessed from a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash(pub [u8; 32]);

impl Secret {
    /// A new one from the system's random source.
    pub fn random() -> Self {
        Self(URL_SAFE_NO_PAD.encode(random_bytes::<32>()).into())
    }

    /// A new one with a prefix that tells what it is, so that a scanner finds leaked ones.
    pub fn with_prefix(prefix: &str) -> Self {
        Self(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(random_bytes::<32>())).into())
    }

    /// The text, for the one who may have it.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is stored.
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(self.reveal())
    }
}

impl SecretHash {
    /// The digest of a secret that a caller presented.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles
        .map(|nibble| char::from(DIGITS[usize::from(nibble)]))
        .collect()
}

/// Random bytes from the system.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has a random source");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_do_not_show_themselves() {
        let (one, other) = (Secret::random(), Secret::with_prefix("pnd_"));
        assert_ne!(one.hash(), Secret::random().hash());
        assert_eq!(other.hash(), SecretHash::of(other.reveal()));
        assert!(other.reveal().starts_with("pnd_"));
        assert!(!format!("{one:?}").contains(one.reveal()));
    }
}
