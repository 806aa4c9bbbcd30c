//! What is read of bans: all of them, one, and whether they are others than before.
#![expect(
    missing_docs,
    reason = "each function's name is the sentence it proves"
)]

use std::slice::from_ref;

use crate::ban::Ban;
use crate::ban_contract::{Fresh, at, author, ban};

pub async fn a_ban_is_read_back_as_written(fresh: &Fresh) {
    let plain = ban("203.0.113.7");
    let other = Ban {
        reason: "🦊 it's \"quoted\", with \\ and 'é'".to_owned(),
        by: "person:7".to_owned(),
        until: Some(at(3600)),
        is_forced: true,
        ..ban("2001:db8:1:2::/64")
    };
    let silent = Ban {
        reason: String::new(),
        ..ban("0.0.0.0/0")
    };
    for ban in [&plain, &other, &silent] {
        fresh.put(ban).await;
        assert_eq!(fresh.find(ban.network, 0).await.as_ref(), Some(ban));
    }
    assert_eq!(fresh.list(0).await, [silent, plain, other]);
    assert_eq!(
        fresh
            .find("203.0.113.8".parse().expect("a network"), 0)
            .await,
        None
    );
}

pub async fn bans_come_in_the_order_of_their_networks(fresh: &Fresh) {
    assert_eq!(fresh.list(0).await, []);
    let sorted = [
        "9.0.0.0/8",
        "10.0.0.0/8",
        "10.0.0.0/16",
        "10.0.0.1",
        "::1:0:0:1",
        "2001:db8::/32",
    ];
    for place in [3, 0, 5, 2, 4, 1] {
        fresh.put(&ban(sorted[place])).await;
    }
    assert_eq!(fresh.list(0).await, sorted.map(ban));
}

pub async fn the_state_is_another_after_each_change_and_only_then(fresh: &Fresh) {
    let (one, other) = (ban("203.0.113.7"), ban("203.0.113.8"));
    let empty = fresh.state().await;
    let still = async |state| {
        let found = fresh.bans.changes(Some(state), at(0)).await;
        assert!(matches!(found, Ok(None)), "{found:?}");
    };
    still(empty).await;
    fresh.put(&one).await;
    let (with_one, found) = fresh
        .bans
        .changes(Some(empty), at(0))
        .await
        .expect("the store answers")
        .expect("it has changed");
    assert_eq!(found, from_ref(&one));
    still(with_one).await;
    fresh.put(&other).await;
    let with_both = fresh.state().await;
    fresh
        .bans
        .remove(&one, &author(), at(1))
        .await
        .expect("it is there");
    let (left, found) = fresh
        .bans
        .changes(Some(with_both), at(1))
        .await
        .expect("the store answers")
        .expect("it has changed");
    assert_eq!(found, [other]);
    still(left).await;
    assert_eq!(
        [empty, with_one, with_both, left]
            .iter()
            .filter(|state| **state == left)
            .count(),
        1
    );
}

pub async fn a_ban_that_has_ended_is_none(fresh: &Fresh) {
    let short = Ban {
        until: Some(at(60)),
        ..ban("203.0.113.7")
    };
    fresh.put(&short).await;
    assert_eq!(fresh.find(short.network, 59).await, Some(short.clone()));
    assert_eq!(fresh.find(short.network, 60).await, None);
    assert_eq!(fresh.list(60).await, []);
    let next = Ban {
        since: at(61),
        until: Some(at(120)),
        ..short
    };
    // Nobody has seen one, so there is none to replace.
    fresh.put(&next).await;
    assert_eq!(fresh.list(61).await, [next]);
}
