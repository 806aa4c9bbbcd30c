//! API tokens: found by their secret, listed, revoked.
#![expect(
    missing_docs,
    reason = "each function's name is the sentence it proves"
)]

use crate::audit::Action;
use crate::contract::sample::{add, add_token, change, hash, person, token};
use crate::people::{Person, PersonId};
use crate::secret::SecretHash;
use crate::store_error::StoreError;
use crate::stores::Stores;
use crate::tokens::{Scope, Token};

async fn find(stores: &Stores, hash: SecretHash) -> Option<Token> {
    let found = stores.tokens.find(hash).await;
    let found = found.expect("the store finds tokens");
    found.map(|bearer| bearer.token.clone())
}

async fn list(stores: &Stores, person: Option<PersonId>) -> Vec<Token> {
    let listed = stores.tokens.list(person).await;
    listed.expect("the store lists tokens")
}

async fn revoke(stores: &Stores, id: i64, person: Option<PersonId>) -> Result<(), StoreError> {
    let change = change(Action::TokenRevoke);
    stores.tokens.delete(id, person, change).await
}

pub async fn a_token_is_read_back_as_written(stores: &Stores) {
    let ani = add(stores, &person("Ani")).await;
    let short = add_token(stores, token(ani.id, 1)).await;
    let endless = Token {
        scope: Scope::Read,
        expires_at: None,
        ..token(ani.id, 2)
    };
    let endless = add_token(stores, endless).await;
    assert_eq!(find(stores, short.hash).await, Some(short));
    assert_eq!(find(stores, endless.hash).await, Some(endless));
    assert_eq!(find(stores, hash(3)).await, None);
}

pub async fn tokens_come_newest_first_and_by_owner(stores: &Stores) {
    let ani = add(stores, &person("Ani")).await;
    let budi = add(stores, &person("Budi")).await;
    let first = add_token(stores, token(ani.id, 1)).await;
    let second = add_token(stores, token(budi.id, 2)).await;
    let third = add_token(stores, token(ani.id, 3)).await;
    let all = [third.clone(), second.clone(), first.clone()];
    assert_eq!(list(stores, None).await, all);
    assert_eq!(list(stores, Some(ani.id)).await, [third, first]);
    assert_eq!(list(stores, Some(budi.id)).await, [second]);
    assert_eq!(list(stores, Some(budi.id + 1)).await, []);
}

pub async fn a_token_is_revoked_only_by_whom_it_is_said(stores: &Stores) {
    let ani = add(stores, &person("Ani")).await;
    let budi = add(stores, &person("Budi")).await;
    let own = add_token(stores, token(ani.id, 1)).await;
    let other = add_token(stores, token(ani.id, 2)).await;
    let refused = revoke(stores, own.id, Some(budi.id)).await;
    assert!(matches!(refused, Err(StoreError::NotFound)));
    assert!(find(stores, own.hash).await.is_some());
    let revoked = revoke(stores, own.id, Some(ani.id)).await;
    revoked.expect("it is one's own");
    let revoked = revoke(stores, other.id, None).await;
    revoked.expect("anybody's was said");
    assert_eq!(list(stores, None).await, []);
    let refused = revoke(stores, own.id, None).await;
    assert!(matches!(refused, Err(StoreError::NotFound)));
}

pub async fn a_token_comes_with_its_owner_as_they_are_now(stores: &Stores) {
    let ani = add(stores, &person("Ani")).await;
    let own = add_token(stores, token(ani.id, 1)).await;
    let owner = async || {
        let found = stores.tokens.find(own.hash).await;
        found
            .expect("the store finds tokens")
            .map(|bearer| bearer.owner.clone())
    };
    assert_eq!(owner().await, Some(ani.clone()));
    let disabled = Person {
        is_disabled: true,
        version: ani.version + 1,
        ..ani
    };
    let change = change(Action::PersonUpdate);
    let updated = stores.people.update(&disabled, change).await;
    updated.expect("the person is there");
    assert_eq!(owner().await, Some(disabled));
    let revoked = revoke(stores, own.id, None).await;
    revoked.expect("the token is there");
    assert_eq!(owner().await, None);
}

pub async fn a_token_needs_an_owner(stores: &Stores) {
    let change = change(Action::TokenCreate);
    let refused = stores.tokens.insert(&token(1, 1), change).await;
    assert!(matches!(refused, Err(StoreError::NotFound)), "{refused:?}");
    assert_eq!(list(stores, None).await, []);
}
