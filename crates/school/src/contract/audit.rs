//! The audit trail: everything is told, in order, each entry chained to the one before.
#![expect(
    missing_docs,
    reason = "each function's name is the sentence it proves"
)]

use std::net::{IpAddr, Ipv6Addr};

use crate::actor::{Actor, Who};
use crate::audit::{Action, CHAIN_START, Change, Entry, Verdict, verify};
use crate::contract::crowd::{CROWD, crowd};
use crate::contract::sample::{
    HASH, NOON, add, add_token, change, limit, message, new_id, next, person, post, remove,
    session, sign_in, token, try_add, update, with_email,
};
use crate::repeat::{Inserted, Repeat};
use crate::store_error::StoreError;
use crate::stores::Stores;

async fn trail(stores: &Stores) -> Vec<Entry> {
    let walked = stores.audit.walk(0, 10_000).await;
    walked.expect("the store walks the trail")
}

async fn verdict(stores: &Stores) -> Verdict {
    let verdict = verify(stores, &Actor::console()).await;
    verdict.expect("the store walks the trail")
}

pub async fn each_change_is_told_with_its_object(stores: &Stores) {
    assert_eq!(
        verdict(stores).await,
        Verdict::Sound {
            entries: 0,
            head: CHAIN_START
        }
    );
    let ani = add(stores, &person("Ani")).await;
    update(stores, &next(&ani))
        .await
        .expect("the version is right");
    let (people, sessions) = (&stores.people, &stores.sessions);
    let second = next(&next(&ani));
    let reset = people.update_password(&second, HASH, None, change(Action::PasswordReset));
    reset.await.expect("the version is right");
    let open = sign_in(stores, session(ani.id, 1, NOON)).await;
    let ended = sessions.delete(open.id, ani.id, change(Action::SessionEnd));
    ended.await.expect("it is one's own");
    let token = add_token(stores, token(ani.id, 2)).await;
    let revoked = stores
        .tokens
        .delete(token.id, None, change(Action::TokenRevoke));
    revoked.await.expect("it is there");
    let posted = post(stores, message("Halo")).await;
    let taken_down = stores
        .messages
        .delete(posted.id, change(Action::MessageRemove));
    taken_down.await.expect("it is there");
    remove(stores, &second).await.expect("the version is right");
    let told: Vec<_> = trail(stores)
        .await
        .into_iter()
        .map(|entry| (entry.action, entry.object_id))
        .collect();
    let expected = [
        (Action::PersonCreate, ani.id),
        (Action::PersonUpdate, ani.id),
        (Action::PasswordReset, ani.id),
        (Action::SessionStart, open.id),
        (Action::SessionEnd, open.id),
        (Action::TokenCreate, token.id),
        (Action::TokenRevoke, token.id),
        (Action::MessagePost, posted.id),
        (Action::MessageRemove, posted.id),
        (Action::PersonDelete, ani.id),
    ];
    assert_eq!(
        told,
        expected.map(|(action, id)| (action.as_str().to_owned(), Some(id)))
    );
}

pub async fn the_trail_comes_newest_first_and_with_its_length(stores: &Stores) {
    let empty = stores.audit.list(None, limit(3)).await;
    let empty = empty.expect("the store lists the trail");
    assert_eq!(
        (empty.rows.len(), empty.has_more, empty.total),
        (0, false, Some(0))
    );
    for number in 0..7 {
        add(stores, &person(&number.to_string())).await;
    }
    for (before, expected, has_more) in [
        (None, [7, 6, 5].as_slice(), true),
        (Some(5), &[4, 3, 2], true),
        (Some(2), &[1], false),
        (Some(1), &[], false),
    ] {
        let page = stores.audit.list(before, limit(3)).await;
        let page = page.expect("the store lists the trail");
        let places: Vec<i64> = page.rows.iter().map(|entry| entry.seq).collect();
        assert_eq!(places, expected);
        assert_eq!(
            (page.has_more, page.total),
            (has_more, Some(7)),
            "before {before:?}"
        );
    }
}

pub async fn the_trail_is_walked_from_its_start(stores: &Stores) {
    for number in 0..7 {
        add(stores, &person(&number.to_string())).await;
    }
    let all = trail(stores).await;
    let places: Vec<i64> = all.iter().map(|entry| entry.seq).collect();
    assert_eq!(places, [1, 2, 3, 4, 5, 6, 7]);
    let part = stores.audit.walk(2, 3).await;
    assert_eq!(part.expect("the store walks the trail"), all[2..5]);
    let end = stores.audit.walk(7, 3).await;
    assert_eq!(end.expect("the store walks the trail"), []);
}

pub async fn what_another_store_changed_is_told_once(stores: &Stores) {
    let tell = |object: i64, key, request: &str| {
        let repeat = Repeat::new("elsewhere".to_owned(), key, &[request.as_bytes()], NOON);
        let repeat = repeat.expect("the key is visible ASCII");
        let change = change(Action::MessagePost).after(&"Halo");
        stores.audit.append(change, object, repeat)
    };
    let first = tell(7, "a", "r").await;
    assert_eq!(first.ok(), Some(Inserted::New(7)));
    let again = tell(8, "a", "r").await;
    let known = Inserted::Repeated {
        id: 7,
        after: "\"Halo\"".to_owned(),
    };
    assert_eq!(again.ok(), Some(known));
    let other = tell(9, "a", "s").await;
    assert!(matches!(other, Err(StoreError::KeyReused)), "{other:?}");
    assert!(tell(9, "b", "r").await.is_ok());
    let told: Vec<_> = trail(stores)
        .await
        .iter()
        .map(|entry| entry.object_id)
        .collect();
    assert_eq!(told, [Some(7), Some(9)]);
}

pub async fn the_chain_is_sound_under_many_writers(stores: &Stores) {
    const EACH: usize = 8;
    let answers = crowd(|number| {
        let stores = stores.clone();
        async move {
            for turn in 0..EACH {
                // Every other turn fails, and must leave no gap.
                let taken = try_add(&stores, &with_email("ani@sekolah.example")).await;
                assert!(matches!(taken, Ok(_) | Err(StoreError::Taken("email"))));
                add(&stores, &person(&format!("{number} {turn}"))).await;
            }
        }
    })
    .await;
    assert_eq!(answers.len(), CROWD);
    let expected = i64::try_from(CROWD * EACH + 1).expect("so few fit");
    match verdict(stores).await {
        Verdict::Sound { entries, .. } => assert_eq!(entries, expected),
        broken @ Verdict::Broken { .. } => panic!("{broken:?}"),
    }
}

pub async fn everything_told_is_chained(stores: &Stores) {
    let actor = Actor {
        who: Who::Person(7),
        address: Some(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        request_id: Some("r-1".to_owned()),
        ..Actor::console()
    };
    let told = Change::new(&actor, Action::MessagePost, NOON)
        .before(&"\u{1F4DA}")
        .after(&1);
    let inserted = stores.messages.insert(&message("Halo"), told, None).await;
    let id = new_id(&inserted.expect("the message is new"));
    let entry = Entry {
        seq: 1,
        at: NOON,
        actor: "person:7".to_owned(),
        address: Some("::1".to_owned()),
        request_id: Some("r-1".to_owned()),
        action: "message.post".to_owned(),
        object_id: Some(id),
        before: Some("\"\u{1F4DA}\"".to_owned()),
        after: Some("1".to_owned()),
        hash: CHAIN_START,
    };
    let hash = entry.chained(&CHAIN_START);
    assert_eq!(trail(stores).await, [Entry { hash, ..entry }]);
}
