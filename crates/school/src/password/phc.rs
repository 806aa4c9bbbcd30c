//! The written form of a hashed password (the PHC string format), for Argon2id only.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq as _;

/// The floor that OWASP's cheat sheet gives: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const HASH_BYTES: usize = 32;
const SALT_BYTES: usize = 16;

/// Hashes with a fresh salt; `memory` is the thread's own and only grows.
pub(super) fn hash(
    password: &[u8],
    salt: [u8; SALT_BYTES],
    memory: &mut Vec<Block>,
) -> Option<String> {
    let hash = digest(password, &salt, MEMORY_KIB, PASSES, memory)?;
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    Some(format!(
        "$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${hash}"
    ))
}

/// Whether the password is the one that was hashed; a text that is no hash of ours fits none.
pub(super) fn verify(password: &[u8], phc: &str, memory: &mut Vec<Block>) -> bool {
    let Some((salt, expected, memory_kib, passes)) = parse(phc) else {
        return false;
    };
    let Some(hash) = digest(password, &salt, memory_kib, passes, memory) else {
        return false;
    };
    hash.ct_eq(&expected).into()
}

fn parse(phc: &str) -> Option<(Vec<u8>, Vec<u8>, u32, u32)> {
    let rest = phc.strip_prefix("$argon2id$v=19$m=")?;
    let mut parts = rest.split('$');
    let (memory_kib, rest) = parts.next()?.split_once(",t=")?;
    let passes = rest.strip_suffix(",p=1")?;
    let salt = STANDARD_NO_PAD.decode(parts.next()?).ok()?;
    let hash = STANDARD_NO_PAD.decode(parts.next()?).ok()?;
    (parts.next().is_none()).then_some((salt, hash, memory_kib.parse().ok()?, passes.parse().ok()?))
}

fn params(memory_kib: u32, passes: u32) -> Option<Params> {
    // A stored hash may ask for at most four times the usual memory: a forged one must not exhaust the server.
    (memory_kib <= 4 * MEMORY_KIB)
        .then(|| Params::new(memory_kib, passes, LANES, Some(HASH_BYTES)).ok())
        .flatten()
}

fn digest(
    password: &[u8],
    salt: &[u8],
    memory_kib: u32,
    passes: u32,
    memory: &mut Vec<Block>,
) -> Option<[u8; HASH_BYTES]> {
    let params = params(memory_kib, passes)?;
    let blocks = params.block_count();
    if memory.len() < blocks {
        memory.resize(blocks, Block::default());
    }
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut hash = [0; HASH_BYTES];
    argon2
        .hash_password_into_with_memory(password, salt, &mut hash, &mut memory[..blocks])
        .ok()?;
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_password_fits() {
        let mut memory = Vec::new();
        let phc = hash("kuda laut".as_bytes(), [7; SALT_BYTES], &mut memory).unwrap();
        assert!(verify("kuda laut".as_bytes(), &phc, &mut memory));
        assert!(!verify("kuda lauT".as_bytes(), &phc, &mut memory));
        assert_ne!(
            phc,
            hash("kuda laut".as_bytes(), [8; SALT_BYTES], &mut memory).unwrap()
        );
    }

    #[test]
    fn a_hash_made_by_the_reference_implementation_is_verified() {
        // From the test vectors of the reference implementation: argon2id, t=2, m=256 KiB, p=1.
        let phc =
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        assert!(verify(b"password", phc, &mut Vec::new()));
    }

    #[test]
    fn a_torn_or_forged_hash_fits_nothing() {
        for phc in [
            "",
            "$argon2id$",
            "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65",
            "$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        ] {
            assert!(!verify(b"password", phc, &mut Vec::new()), "{phc}");
        }
    }
}
