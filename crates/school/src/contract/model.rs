//! A school in plain memory, and random operations on it and on an adapter side by side: they must agree in everything.

mod choice;
mod memory;
mod operation;

use std::time::Duration;

use choice::chosen;
use memory::Memory;

use crate::actor::Actor;
use crate::audit::{Verdict, verify};
use crate::contract::sample::{NOON, list, messages};
use crate::page::Start;
use crate::repeat::Inserted;
use crate::stores::Stores;

/// What an operation answered: nothing new counts as the id 0, an error as its text.
type Answer = Result<Inserted, String>;

/// Between two operations, so that keys are forgotten and sessions die within a run.
const STEP: Duration = Duration::from_mins(40);

/// Does the operations that the bytes stand for, four bytes each, on empty stores and in memory, and compares each answer
/// and, in the end, everything that can be read.
pub async fn agrees(stores: &Stores, bytes: &[[u8; 4]]) {
    agrees_while(stores, bytes, |_| {}).await;
}

/// As [`agrees`], while something happens to the store before the operation of each number.
pub async fn agrees_while(stores: &Stores, bytes: &[[u8; 4]], mut happens: impl FnMut(usize)) {
    let mut memory = Memory::default();
    let mut now = NOON;
    for (number, bytes) in bytes.iter().enumerate() {
        happens(number);
        now = now.after(STEP);
        let operation = chosen(&memory, *bytes, now);
        let told = operation.ask(stores).await;
        let expected = memory.apply(&operation, &told);
        assert_eq!(told, expected, "operation {number}: {operation:?}");
    }
    compare_people(stores, &memory).await;
    compare_what_they_have(stores, &memory).await;
    compare_trail(stores, &memory).await;
}

async fn compare_people(stores: &Stores, memory: &Memory) {
    let (mut people, mut after) = (Vec::new(), 0);
    loop {
        let page = list(stores, None, Start::After(after), 3).await;
        assert_eq!(page.total, u64::try_from(memory.people.len()).ok());
        people.extend(page.rows);
        match people.last() {
            Some(last) if page.has_more => after = last.id,
            _ => break,
        }
    }
    let expected = memory.people.values().map(|kept| kept.person.clone());
    assert_eq!(people, expected.collect::<Vec<_>>());
    for kept in memory.people.values() {
        let Some(name) = kept.keys().into_iter().flatten().next() else {
            continue;
        };
        let found = stores.people.find_login(&name).await;
        let found = found.expect("the store finds people");
        let found = found.map(|found| (found.person, found.password_hash));
        assert_eq!(
            found,
            Some((kept.person.clone(), kept.password_hash.clone()))
        );
    }
}

async fn compare_what_they_have(stores: &Stores, memory: &Memory) {
    let mut tokens: Vec<_> = memory.tokens.values().cloned().collect();
    tokens.reverse();
    assert_eq!(stores.tokens.list(None).await.ok(), Some(tokens));
    for id in memory.people.keys() {
        let sessions = memory.sessions.values();
        let mut expected: Vec<_> = sessions
            .filter(|open| open.person_id == *id)
            .cloned()
            .collect();
        expected.sort_by_key(|open| std::cmp::Reverse((open.last_seen_at, open.id)));
        assert_eq!(stores.sessions.list(*id).await.ok(), Some(expected));
    }
    let mut expected: Vec<_> = memory.messages.values().cloned().collect();
    expected.reverse();
    assert_eq!(messages(stores, None, 200).await.rows, expected);
}

async fn compare_trail(stores: &Stores, memory: &Memory) {
    let walked = stores.audit.walk(0, 10_000).await;
    let walked = walked.expect("the store walks the trail");
    let told = walked
        .into_iter()
        .map(|entry| (entry.action, entry.object_id, entry.at));
    assert_eq!(told.collect::<Vec<_>>(), memory.trail);
    let verdict = verify(stores, &Actor::console()).await;
    let entries = i64::try_from(memory.trail.len()).unwrap_or(i64::MAX);
    assert!(matches!(verdict, Ok(Verdict::Sound { entries: found, .. }) if found == entries));
}
