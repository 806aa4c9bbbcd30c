//! Sessions: found by their secret, noted, ended.
#![expect(
    missing_docs,
    reason = "each function's name is the sentence it proves"
)]

use std::time::{Duration, Instant};

use crate::audit::Action;
use crate::contract::sample::{
    NOON, add, change, disabled, hash, person, remove, session, sign_in, update,
};
use crate::people::PersonId;
use crate::secret::SecretHash;
use crate::sessions::{ABSOLUTE, IDLE, Session};
use crate::store_error::StoreError;
use crate::stores::Stores;
use crate::time::Timestamp;

/// How long something that is done some time may take.
const SOON: Duration = Duration::from_secs(10);

async fn find(stores: &Stores, hash: SecretHash) -> Option<Session> {
    let found = stores.sessions.find(hash).await;
    found.expect("the store finds sessions")
}

async fn list(stores: &Stores, person: PersonId) -> Vec<Session> {
    let listed = stores.sessions.list(person).await;
    listed.expect("the store lists sessions")
}

/// Waits until the session's last use is noted so.
async fn wait_for_use(stores: &Stores, session: &Session, at: Timestamp) {
    let until = Instant::now() + SOON;
    while find(stores, session.hash)
        .await
        .map(|found| found.last_seen_at)
        != Some(at)
    {
        assert!(Instant::now() < until, "the use was not noted");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

pub async fn a_session_is_read_back_as_written(stores: &Stores) {
    let ani = add(stores, &person("Ani")).await;
    let full = sign_in(stores, session(ani.id, 1, NOON)).await;
    let plain = Session {
        address: None,
        agent: None,
        ..session(ani.id, 2, NOON)
    };
    let plain = sign_in(stores, plain).await;
    assert_eq!(find(stores, full.hash).await, Some(full));
    assert_eq!(find(stores, plain.hash).await, Some(plain));
    assert_eq!(find(stores, hash(3)).await, None);
}

pub async fn a_persons_sessions_come_last_used_first(stores: &Stores) {
    let ani = add(stores, &person("Ani")).await;
    let budi = add(stores, &person("Budi")).await;
    let mut expected = Vec::new();
    for secret in 0..4 {
        let at = NOON.after(Duration::from_secs(secret));
        expected.insert(0, sign_in(stores, session(ani.id, secret, at)).await);
    }
    sign_in(stores, session(budi.id, 9, NOON)).await;
    assert_eq!(list(stores, ani.id).await, expected);
    let late = NOON.after(Duration::from_mins(5));
    let mut oldest = expected.remove(3);
    let touched = stores.sessions.touch(oldest.id, late).await;
    touched.expect("the store takes note of uses");
    wait_for_use(stores, &oldest, late).await;
    oldest.last_seen_at = late;
    expected.insert(0, oldest);
    assert_eq!(list(stores, ani.id).await, expected);
    assert_eq!(list(stores, budi.id + 1).await, []);
}

pub async fn signing_in_clears_what_is_dead_or_replaced(stores: &Stores) {
    let ani = add(stores, &person("Ani")).await;
    let budi = add(stores, &person("Budi")).await;
    let old = |secret, created_at, last_seen_at| Session {
        created_at,
        last_seen_at,
        ..session(ani.id, secret, NOON)
    };
    let (idle, worn) = (NOON.before(IDLE), NOON.before(ABSOLUTE));
    let moment = Duration::from_micros(1);
    // The oldest sign-in first, so that none is cleared before its time.
    let almost = sign_in(stores, old(3, worn.after(moment), idle.after(moment))).await;
    let worn = sign_in(stores, old(2, worn, NOON.before(moment))).await;
    let idle = sign_in(stores, old(1, idle, idle)).await;
    let planted = sign_in(stores, session(budi.id, 4, NOON)).await;
    let others = sign_in(stores, session(budi.id, 5, NOON.before(IDLE))).await;
    let started = stores
        .sessions
        .insert(
            &session(ani.id, 6, NOON),
            Some(planted.hash),
            change(Action::SessionStart),
        )
        .await;
    started.expect("the session is new");
    for gone in [idle, worn, planted] {
        assert_eq!(find(stores, gone.hash).await, None);
    }
    for kept in [almost, others] {
        assert_eq!(find(stores, kept.hash).await, Some(kept));
    }
    assert!(find(stores, hash(6)).await.is_some());
}

pub async fn use_is_noted_and_never_goes_back(stores: &Stores) {
    let ani = add(stores, &person("Ani")).await;
    let open = sign_in(stores, session(ani.id, 1, NOON)).await;
    let other = sign_in(stores, session(ani.id, 2, NOON)).await;
    let late = NOON.after(Duration::from_mins(2));
    for at in [late, NOON.after(Duration::from_mins(1)), NOON] {
        let touched = stores.sessions.touch(open.id, at).await;
        touched.expect("the store takes note of uses");
    }
    let touched = stores.sessions.touch(other.id, NOON.after(IDLE)).await;
    touched.expect("the store takes note of uses");
    let unknown = stores.sessions.touch(other.id + 1, late).await;
    unknown.expect("the use of a session that ended is nothing");
    wait_for_use(stores, &open, late).await;
    wait_for_use(stores, &other, NOON.after(IDLE)).await;
    assert_eq!(
        find(stores, open.hash)
            .await
            .map(|found| found.last_seen_at),
        Some(late)
    );
}

pub async fn only_its_owner_ends_a_session(stores: &Stores) {
    let ani = add(stores, &person("Ani")).await;
    let budi = add(stores, &person("Budi")).await;
    let open = sign_in(stores, session(ani.id, 1, NOON)).await;
    let end = |person| {
        stores
            .sessions
            .delete(open.id, person, change(Action::SessionEnd))
    };
    assert!(matches!(end(budi.id).await, Err(StoreError::NotFound)));
    assert_eq!(find(stores, open.hash).await.as_ref(), Some(&open));
    end(ani.id).await.expect("it is one's own");
    assert_eq!(find(stores, open.hash).await, None);
    assert!(matches!(end(ani.id).await, Err(StoreError::NotFound)));
}

pub async fn nobody_signs_in_who_is_gone_or_disabled(stores: &Stores) {
    let ani = add(stores, &person("Ani")).await;
    update(stores, &disabled(&ani))
        .await
        .expect("the version is right");
    let budi = add(stores, &person("Budi")).await;
    remove(stores, &budi).await.expect("the version is right");
    for id in [ani.id, budi.id] {
        let started = stores
            .sessions
            .insert(&session(id, 1, NOON), None, change(Action::SessionStart))
            .await;
        assert!(matches!(started, Err(StoreError::NotFound)), "{started:?}");
        assert_eq!(list(stores, id).await, []);
    }
}
