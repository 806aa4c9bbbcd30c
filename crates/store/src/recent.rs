//! Who came with which token a moment ago: a program that asks a thousand times a second is looked up four times.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use school::secret::SecretHash;
use school::tokens::Bearer;

/// A change by another process, such as a revocation at the command line, is seen after so long at the latest.
/// One through this store is seen at once.
const KEPT: Duration = Duration::from_millis(250);
/// More tokens than this are not in use at a time; then all are forgotten.
const MOST: usize = 1024;

/// Bearers by the digest of their token.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    changes: u64,
    bearers: HashMap<SecretHash, (Instant, Arc<Bearer>), BuildHasherDefault<Digest>>,
}

/// A digest needs no more hashing: nobody can choose what it begins with, least of all one that a token of ours has.
#[derive(Default)]
struct Digest(u64);

impl Hasher for Digest {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(start) = bytes.first_chunk() {
            self.0 = u64::from_ne_bytes(*start);
        }
    }

    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// How many changes there had been when somebody was looked for: what was read before a change is not kept after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(u64);

impl Recent {
    /// The bearer, or the moment at which they were not known.
    pub(crate) fn find(&self, hash: &SecretHash) -> Result<Arc<Bearer>, Moment> {
        let state = self.lock();
        match state.bearers.get(hash) {
            Some((since, bearer)) if since.elapsed() < KEPT => Ok(Arc::clone(bearer)),
            _ => Err(Moment(state.changes)),
        }
    }

    /// Keeps who was read from the store after `moment`, unless something changed meanwhile.
    pub(crate) fn keep(&self, moment: Moment, bearer: &Arc<Bearer>) {
        let mut state = self.lock();
        if moment != Moment(state.changes) {
            return;
        }
        if state.bearers.len() >= MOST {
            state.bearers.clear();
        }
        let kept = (Instant::now(), Arc::clone(bearer));
        state.bearers.insert(bearer.token.hash, kept);
    }

    /// Something was changed that a bearer's rights may hang on.
    pub(crate) fn forget(&self) {
        let mut state = self.lock();
        state.changes += 1;
        state.bearers.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use school::tokens::{Scope, Token};
    use school::{Person, Role, Timestamp};

    fn bearer(number: u16) -> Arc<Bearer> {
        let mut hash = [0; 32];
        hash[..2].copy_from_slice(&number.to_be_bytes());
        let token = Token {
            id: i64::from(number),
            hash: SecretHash(hash),
            person_id: 1,
            label: "absensi".to_owned(),
            scope: Scope::Read,
            created_at: Timestamp(0),
            expires_at: None,
        };
        let owner = Person {
            id: 1,
            first_name: "Ani".to_owned(),
            last_name: "Budi".to_owned(),
            email: None,
            username: None,
            role: Role::Member,
            is_disabled: false,
            has_password: false,
            must_change_password: false,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            version: 1,
        };
        Arc::new(Bearer { token, owner })
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let (recent, ani) = (Recent::default(), bearer(1));
        let before = recent.find(&ani.token.hash).unwrap_err();
        recent.forget();
        recent.keep(before, &ani);
        let after = recent.find(&ani.token.hash).unwrap_err();
        recent.keep(after, &ani);
        assert_eq!(recent.find(&ani.token.hash).unwrap().token.id, 1);
        recent.forget();
        assert!(recent.find(&ani.token.hash).is_err());
    }

    #[test]
    fn no_more_are_kept_than_the_bound() {
        let recent = Recent::default();
        for number in 0..5_000 {
            let ani = bearer(number);
            let moment = recent.find(&ani.token.hash).unwrap_err();
            recent.keep(moment, &ani);
            assert!(recent.lock().bearers.len() <= MOST);
        }
    }
}
