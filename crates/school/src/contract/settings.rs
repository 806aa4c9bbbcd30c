//! Settings, and the store's own health.
#![expect(
    missing_docs,
    reason = "each function's name is the sentence it proves"
)]

use crate::contract::crowd::{CROWD, crowd};
use crate::stores::Stores;

pub async fn the_first_value_stays(stores: &Stores) {
    let settings = &stores.settings;
    assert_eq!(settings.find("key").await.expect("the store finds"), None);
    let first = settings.find_or_insert("key", vec![0, 255, 39]).await;
    assert_eq!(first.expect("the store keeps"), [0, 255, 39]);
    let second = settings.find_or_insert("key", vec![1]).await;
    assert_eq!(second.expect("the store keeps"), [0, 255, 39]);
    let found = settings.find("key").await.expect("the store finds");
    assert_eq!(found, Some(vec![0, 255, 39]));
    let empty = settings.find_or_insert("other", Vec::new()).await;
    assert_eq!(empty.expect("the store keeps"), [0; 0]);
}

pub async fn many_who_start_together_agree(stores: &Stores) {
    let answers = crowd(|number| {
        let stores = stores.clone();
        let value = number.to_string().into_bytes();
        async move { stores.settings.find_or_insert("key", value).await }
    })
    .await;
    let mut values: Vec<Vec<u8>> = answers.into_iter().flatten().collect();
    assert_eq!(values.len(), CROWD);
    values.dedup();
    assert_eq!(values.len(), 1);
}

pub async fn the_store_says_that_it_is_well(stores: &Stores) {
    let answers = crowd(|_| {
        let stores = stores.clone();
        async move { stores.health.check().await.is_ok() }
    })
    .await;
    assert_eq!(answers, [true; CROWD]);
}
