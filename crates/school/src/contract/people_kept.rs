//! What else happens when people change: the last administrator stays, sessions end, messages remain.
#![expect(
    missing_docs,
    reason = "each function's name is the sentence it proves"
)]

use crate::audit::Action;
use crate::contract::sample::{
    HASH, NOON, add, add_admin, add_token, change, disabled, find, message, messages, next, person,
    post, remove, session, sign_in, token, total, update,
};
use crate::messages::Message;
use crate::people::Person;
use crate::role::Role;
use crate::sessions::Session;
use crate::store_error::StoreError;
use crate::stores::Stores;

async fn sessions(stores: &Stores, person: &Person) -> Vec<Session> {
    let listed = stores.sessions.list(person.id).await;
    listed.expect("the store lists sessions")
}

/// The same administrator as a teacher.
fn demoted(admin: &Person) -> Person {
    Person {
        role: Role::Staff,
        ..next(admin)
    }
}

async fn must_stay(stores: &Stores, admin: &Person) {
    let password = change(Action::PasswordReset);
    let people = &stores.people;
    let answers = [
        update(stores, &demoted(admin)).await,
        update(stores, &disabled(admin)).await,
        people
            .update_password(&disabled(admin), HASH, None, password)
            .await,
        remove(stores, admin).await,
    ];
    for answer in answers {
        assert!(matches!(answer, Err(StoreError::LastAdmin)), "{answer:?}");
    }
    assert_eq!(find(stores, admin.id).await.as_ref(), Some(admin));
}

pub async fn the_last_administrator_stays(stores: &Stores) {
    let first = add_admin(stores).await;
    must_stay(stores, &first).await;
    let renamed = Person {
        last_name: "Hartono".to_owned(),
        ..next(&first)
    };
    update(stores, &renamed).await.expect("they may be renamed");
    let second = add_admin(stores).await;
    let demoted = demoted(&renamed);
    update(stores, &demoted)
        .await
        .expect("there is another one");
    must_stay(stores, &second).await;
    remove(stores, &demoted)
        .await
        .expect("they are one no more");
}

pub async fn only_administrators_who_can_sign_in_count(stores: &Stores) {
    let admin = add_admin(stores).await;
    let without_password = Person {
        role: Role::Admin,
        ..person("Budi")
    };
    let without_password = add(stores, &without_password).await;
    let away = add_admin(stores).await;
    update(stores, &disabled(&away))
        .await
        .expect("there is another one");
    add(stores, &person("Citra")).await;
    must_stay(stores, &admin).await;
    remove(stores, &without_password)
        .await
        .expect("they could not sign in");
    let back = Person {
        is_disabled: false,
        ..next(&disabled(&away))
    };
    update(stores, &back).await.expect("they may come back");
    remove(stores, &admin).await.expect("the other one is back");
}

pub async fn of_two_administrators_who_remove_each_other_one_stays(stores: &Stores) {
    let mut first = add_admin(stores).await;
    for _ in 0..8 {
        let second = add_admin(stores).await;
        let (one, other) = tokio::join!(remove(stores, &first), remove(stores, &second));
        let (left, refused) = match (&one, &other) {
            (Ok(()), _) => (second, other),
            _ => (first, one),
        };
        assert!(matches!(refused, Err(StoreError::LastAdmin)), "{refused:?}");
        assert_eq!(find(stores, left.id).await.as_ref(), Some(&left));
        assert_eq!(total(stores).await, Some(1));
        first = left;
    }
}

pub async fn a_school_may_begin_without_an_administrator(stores: &Stores) {
    let ani = add(stores, &person("Ani")).await;
    let disabled = disabled(&ani);
    update(stores, &disabled).await.expect("no guard is needed");
    remove(stores, &disabled).await.expect("no guard is needed");
    assert_eq!(total(stores).await, Some(0));
}

pub async fn disabling_ends_every_session(stores: &Stores) {
    let (ani, budi) = (
        add(stores, &person("Ani")).await,
        add(stores, &person("Budi")).await,
    );
    for secret in 0..3 {
        sign_in(stores, session(ani.id, secret, NOON)).await;
    }
    let other = sign_in(stores, session(budi.id, 9, NOON)).await;
    let renamed = Person {
        last_name: "Hartono".to_owned(),
        ..next(&ani)
    };
    update(stores, &renamed)
        .await
        .expect("the version is right");
    assert_eq!(sessions(stores, &ani).await.len(), 3);
    update(stores, &disabled(&renamed))
        .await
        .expect("the version is right");
    assert_eq!(sessions(stores, &ani).await, []);
    assert_eq!(sessions(stores, &budi).await, [other]);
}

pub async fn a_new_password_ends_all_sessions_but_the_one_kept(stores: &Stores) {
    let ani = add(stores, &person("Ani")).await;
    let mut open = Vec::new();
    for secret in 0..3 {
        open.push(sign_in(stores, session(ani.id, secret, NOON)).await);
    }
    let second = Person {
        has_password: true,
        ..next(&ani)
    };
    let changed = stores
        .people
        .update_password(
            &second,
            HASH,
            Some(open[1].id),
            change(Action::PasswordChange),
        )
        .await;
    changed.expect("the version is right");
    assert_eq!(sessions(stores, &ani).await, [open[1].clone()]);
    assert_eq!(find(stores, ani.id).await, Some(second.clone()));
    let reset = stores
        .people
        .update_password(&next(&second), "other", None, change(Action::PasswordReset))
        .await;
    reset.expect("the version is right");
    assert_eq!(sessions(stores, &ani).await, []);
}

pub async fn removal_takes_sessions_and_tokens_and_leaves_messages(stores: &Stores) {
    let ani = add(stores, &person("Ani")).await;
    let session = sign_in(stores, session(ani.id, 1, NOON)).await;
    let token = add_token(stores, token(ani.id, 2)).await;
    let signed = Message {
        person_id: Some(ani.id),
        name: Some("Ani".to_owned()),
        ..message("Selamat pagi")
    };
    let posted = post(stores, signed).await;
    remove(stores, &ani).await.expect("the version is right");
    let found = stores.sessions.find(session.hash).await;
    assert_eq!(found.expect("the store finds sessions"), None);
    let found = stores.tokens.find(token.hash).await;
    assert_eq!(found.expect("the store finds tokens"), None);
    let orphan = Message {
        person_id: None,
        ..posted
    };
    assert_eq!(messages(stores, None, 9).await.rows, [orphan]);
}
