//! Which operation some bytes stand for, on what the school in memory has.

use std::collections::BTreeMap;

use super::memory::Memory;
use super::operation::{Operation, What};
use crate::contract::sample::{message, next, person, session, token};
use crate::messages::Message;
use crate::people::{Person, PersonId};
use crate::repeat::Repeat;
use crate::role::Role;
use crate::time::Timestamp;

/// Few names, so that they collide.
const EMAILS: [Option<&str>; 5] = [
    None,
    Some("ani@sekolah.example"),
    Some("ANI@sekolah.example"),
    Some("Édi@sekolah.example"),
    Some("édi@sekolah.example"),
];
const USERNAMES: [Option<&str>; 4] = [None, None, Some("Budi"), Some("budi")];

/// Every four bytes stand for some operation.
pub(super) fn chosen(memory: &Memory, [kind, who, how, more]: [u8; 4], at: Timestamp) -> Operation {
    let id = nth(&memory.people, who);
    let unknown = || Person {
        id,
        ..person("Nobody")
    };
    let known = || {
        memory
            .people
            .get(&id)
            .map_or_else(unknown, |kept| kept.person.clone())
    };
    let changed = || changed(&known(), how, more, at);
    let secret = at.0.unsigned_abs();
    let what = match kind % 14 {
        0..=2 => What::Add(
            Person {
                id: 0,
                version: 1,
                created_at: at,
                ..changed()
            },
            repeat(more, how, at),
        ),
        3 | 4 => What::Update(changed()),
        5 => What::SetPassword(changed(), Some(nth(&memory.sessions, more))),
        6 => What::Remove(id, known().version - i64::from(how.is_multiple_of(4))),
        7 | 8 => {
            let replaced = memory.sessions.get(&nth(&memory.sessions, more));
            What::SignIn(session(id, secret, at), replaced.map(|open| open.hash))
        }
        9 => What::SignOut(nth(&memory.sessions, how), id),
        10 => What::AddToken(token(id, secret)),
        11 => What::Revoke(
            nth(&memory.tokens, how),
            (more.is_multiple_of(2)).then_some(id),
        ),
        12 => What::Post(posted(id, how, at), repeat(more, how, at)),
        _ => What::TakeDown(nth(&memory.messages, how)),
    };
    Operation { what, at }
}

/// One of the ids that are known, or one that is not.
fn nth<T>(rows: &BTreeMap<i64, T>, which: u8) -> i64 {
    let index = usize::from(which) % (rows.len() + 1);
    rows.keys().nth(index).copied().unwrap_or(1_000_000)
}

/// The person with other names, role and state; now and then of a wrong version.
fn changed(person: &Person, how: u8, more: u8, at: Timestamp) -> Person {
    let text = |names: &[Option<&str>], which: u8| {
        names[usize::from(which) % names.len()].map(str::to_owned)
    };
    // Never both names: which of two that are taken is told is the adapter's choice.
    let email = text(&EMAILS, how);
    let username = text(&USERNAMES, how / 5).filter(|_| email.is_none());
    Person {
        email,
        username,
        role: Role::ALL[usize::from(more % 3)],
        is_disabled: more.is_multiple_of(5),
        has_password: more.is_multiple_of(2),
        must_change_password: how.is_multiple_of(2),
        updated_at: at,
        version: person.version + 1 + i64::from(more.is_multiple_of(7)),
        ..next(person)
    }
}

fn posted(author: PersonId, how: u8, at: Timestamp) -> Message {
    Message {
        name: (how.is_multiple_of(3)).then(|| format!("N{how}")),
        person_id: (how.is_multiple_of(2)).then_some(author),
        created_at: at,
        ..message(&format!("Pesan {how}"))
    }
}

/// Few callers, keys and requests, so that they come again.
fn repeat(more: u8, how: u8, at: Timestamp) -> Option<Repeat> {
    let caller = format!("person:{}", more % 2);
    let key = format!("k{}", more % 5);
    let repeat = Repeat::new(caller, &key, &[&[how % 3]], at);
    repeat.filter(|_| !more.is_multiple_of(4))
}
