//! People, one by one: what is written is read, names are unique, versions count.
#![expect(
    missing_docs,
    reason = "each function's name is the sentence it proves"
)]

use crate::audit::Action;
use crate::contract::crowd::{CROWD, crowd};
use crate::contract::sample::{
    HASH, NOON, add, add_admin, change, find, next, person, remove, total, try_add, update,
    with_email,
};
use crate::people::{Person, login_key};
use crate::role::Role;
use crate::store_error::StoreError;
use crate::stores::Stores;
use crate::time::Timestamp;

pub async fn a_person_is_read_back_as_written(stores: &Stores) {
    let written = Person {
        first_name: "Ḍaru \u{1F469}\u{200D}\u{1F3EB} 李".to_owned(),
        last_name: "O'Neil; -- \"\\%_$1".to_owned(),
        email: Some("Ani.B+x@Sekolah.example".to_owned()),
        username: Some("Ani-0051".to_owned()),
        role: Role::Staff,
        is_disabled: true,
        must_change_password: true,
        created_at: Timestamp(-1),
        updated_at: Timestamp(NOON.0 + 1),
        version: 7,
        ..person("")
    };
    let added = add(stores, &written).await;
    assert_eq!(find(stores, added.id).await, Some(added));
    let plain = add(stores, &person("Budi")).await;
    assert_eq!(find(stores, plain.id).await, Some(plain));
    let admin = add_admin(stores).await;
    assert_eq!(find(stores, admin.id).await, Some(admin));
}

pub async fn the_longest_texts_are_kept(stores: &Stores) {
    let longest = Person {
        first_name: "\u{1F4DA}".repeat(100),
        last_name: "\u{1D11E}".repeat(100),
        email: Some(format!("{}@{}", "a".repeat(64), "b".repeat(189))),
        username: Some("u".repeat(64)),
        ..person("")
    };
    let added = add(stores, &longest).await;
    assert_eq!(find(stores, added.id).await, Some(added));
}

pub async fn an_unknown_id_finds_nobody(stores: &Stores) {
    for id in [0, -1, 1, i64::MAX, i64::MIN] {
        assert_eq!(find(stores, id).await, None);
    }
}

pub async fn names_to_sign_in_with_are_unique_whatever_their_case(stores: &Stores) {
    let ani = Person {
        username: Some("ani".to_owned()),
        ..with_email("Éa@sekolah.example")
    };
    let ani = add(stores, &ani).await;
    let same_email = with_email("éA@SEKOLAH.example");
    let same_username = Person {
        username: Some("ANI".to_owned()),
        ..person("Budi")
    };
    let refused = try_add(stores, &same_email).await;
    assert!(matches!(refused, Err(StoreError::Taken("email"))));
    let refused = try_add(stores, &same_username).await;
    assert!(matches!(refused, Err(StoreError::Taken("username"))));
    let budi = add(stores, &person("Budi")).await;
    let renamed = Person {
        email: same_email.email.clone(),
        ..next(&budi)
    };
    let refused = update(stores, &renamed).await;
    assert!(matches!(refused, Err(StoreError::Taken("email"))));
    // One's own name in another case is no conflict, and a name is free again when its owner has gone.
    let same = Person {
        email: same_email.email.clone(),
        ..next(&ani)
    };
    update(stores, &same).await.expect("the name is one's own");
    remove(stores, &same).await.expect("the version is right");
    add(stores, &same_email).await;
    add(stores, &same_username).await;
}

pub async fn of_many_who_want_one_address_one_gets_it(stores: &Stores) {
    let answers = crowd(|_| {
        let stores = stores.clone();
        async move { try_add(&stores, &with_email("ani@sekolah.example")).await }
    })
    .await;
    let refused = answers
        .iter()
        .filter(|answer| matches!(answer, Err(StoreError::Taken("email"))));
    assert_eq!(refused.count(), CROWD - 1);
    assert_eq!(total(stores).await, Some(1));
}

pub async fn somebody_is_found_by_either_name_to_sign_in_with(stores: &Stores) {
    let ani = Person {
        username: Some("Ani.W".to_owned()),
        has_password: true,
        ..with_email("Ani@Sekolah.example")
    };
    let inserted = stores
        .people
        .insert(&ani, Some(HASH), change(Action::PersonCreate), None);
    inserted.await.expect("the person is new");
    add(stores, &with_email("budi@sekolah.example")).await;
    for name in [" ani@sekolah.EXAMPLE ", "ANI.W"] {
        let found = stores.people.find_login(&login_key(name)).await;
        let found = found
            .expect("the store finds people")
            .expect("the name is known");
        assert_eq!(found.person.first_name, "Ani");
        assert!(found.person.has_password);
        assert_eq!(found.password_hash.as_deref(), Some(HASH));
    }
    let budi = stores.people.find_login("budi@sekolah.example").await;
    let budi = budi.expect("the store finds people");
    assert_eq!(budi.and_then(|found| found.password_hash), None);
    for name in [
        "",
        "ani",
        "%",
        "ani@sekolah.example ",
        "Ani@Sekolah.example",
    ] {
        let found = stores.people.find_login(name).await;
        assert!(
            found.expect("the store finds people").is_none(),
            "{name:?} is nobody's key"
        );
    }
}

pub async fn ids_are_never_given_twice(stores: &Stores) {
    let first = add(stores, &person("Ani")).await;
    let second = add(stores, &person("Budi")).await;
    assert!(first.id < second.id);
    remove(stores, &second).await.expect("the version is right");
    let third = add(stores, &person("Citra")).await;
    assert!(second.id < third.id);
}

pub async fn an_update_of_another_version_is_stale_and_changes_nothing(stores: &Stores) {
    let first = add(stores, &person("Ani")).await;
    let second = Person {
        last_name: "Hartono".to_owned(),
        role: Role::Staff,
        must_change_password: true,
        updated_at: Timestamp(NOON.0 + 5),
        ..next(&first)
    };
    update(stores, &second).await.expect("the version is right");
    assert_eq!(find(stores, first.id).await, Some(second.clone()));
    let late = Person {
        last_name: "Late".to_owned(),
        ..next(&first)
    };
    assert!(matches!(
        update(stores, &late).await,
        Err(StoreError::Stale)
    ));
    let early = next(&next(&second));
    assert!(matches!(
        update(stores, &early).await,
        Err(StoreError::Stale)
    ));
    let password = change(Action::PasswordReset);
    let refused = stores
        .people
        .update_password(&late, HASH, None, password)
        .await;
    assert!(matches!(refused, Err(StoreError::Stale)));
    assert!(matches!(
        remove(stores, &first).await,
        Err(StoreError::Stale)
    ));
    assert_eq!(find(stores, first.id).await, Some(second));
}

pub async fn of_many_updates_of_one_version_one_is_done(stores: &Stores) {
    let first = add(stores, &person("Ani")).await;
    let answers = crowd(|number| {
        let stores = stores.clone();
        let second = Person {
            last_name: number.to_string(),
            ..next(&first)
        };
        async move { (second.clone(), update(&stores, &second).await) }
    })
    .await;
    let done: Vec<_> = answers.iter().filter(|answer| answer.1.is_ok()).collect();
    assert_eq!(done.len(), 1);
    assert_eq!(find(stores, first.id).await.as_ref(), Some(&done[0].0));
    let refused = answers.iter().filter_map(|answer| answer.1.as_ref().err());
    assert!(
        refused
            .into_iter()
            .all(|error| matches!(error, StoreError::Stale))
    );
}

pub async fn somebody_who_is_gone_is_not_found(stores: &Stores) {
    let ani = add(stores, &person("Ani")).await;
    remove(stores, &ani).await.expect("the version is right");
    assert_eq!(find(stores, ani.id).await, None);
    let answers = [
        update(stores, &next(&ani)).await,
        stores
            .people
            .update_password(&next(&ani), HASH, None, change(Action::PasswordReset))
            .await,
        remove(stores, &ani).await,
    ];
    for answer in answers {
        assert!(matches!(answer, Err(StoreError::NotFound)), "{answer:?}");
    }
}

pub async fn what_failed_leaves_no_trace(stores: &Stores) {
    let ani = add(stores, &with_email("ani@sekolah.example")).await;
    let before = (total(stores).await, stores.audit.walk(0, 10).await.ok());
    let taken = Person {
        username: Some("new".to_owned()),
        ..ani.clone()
    };
    assert!(try_add(stores, &taken).await.is_err());
    assert!(update(stores, &ani).await.is_err());
    assert!(remove(stores, &next(&ani)).await.is_err());
    let after = (total(stores).await, stores.audit.walk(0, 10).await.ok());
    assert_eq!(before, after);
    let found = stores.people.find_login("new").await;
    assert!(found.expect("the store finds people").is_none());
}
