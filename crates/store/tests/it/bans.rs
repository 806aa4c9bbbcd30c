//! Bans in the records: the contract of their port, its bound, and what a crash leaves of them.

mod trail;

use std::future::{Ready, ready};

use traffic::ban_contract::{Fresh, at, author, ban};
use traffic::{Ban, BanError, MOST_BANS};

use crate::place::Place;
pub(crate) use trail::of;

fn fresh() -> Ready<Fresh> {
    let place = Place::new();
    let opened = place.open();
    ready(Fresh {
        bans: opened.bans.clone(),
        trail: of(&opened),
        kept: Box::new((opened, place)),
    })
}

traffic::ban_contract_tests!(
    tokio::test(flavor = "multi_thread", worker_threads = 2),
    fresh
);

/// Bans of so many addresses, each until an hour later.
fn fill(place: &Place, most: usize) {
    let sql = format!(
        "WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n < {}) \
         INSERT INTO ban SELECT '10.' || (n >> 16) || '.' || (n >> 8 & 255) || '.' || (n & 255), \
         '', 'console', 0, {}, 0 FROM number",
        most - 1,
        at(3600).as_microsecond()
    );
    place.connect().execute_batch(&sql).unwrap();
}

#[tokio::test]
async fn no_more_bans_are_held_than_there_may_be_until_some_have_ended() {
    let place = Place::new();
    place.open().close();
    fill(&place, MOST_BANS);
    let opened = place.open();
    let one_more = ban("203.0.113.7");
    let refused = opened.bans.put(&one_more, None, &author()).await;
    assert!(matches!(refused, Err(BanError::Full)), "{refused:?}");
    assert_eq!(opened.bans.list(at(0)).await.unwrap().len(), MOST_BANS);
    let later = Ban {
        since: at(3600),
        ..one_more
    };
    opened.bans.put(&later, None, &author()).await.unwrap();
    assert_eq!(opened.bans.list(at(3600)).await.unwrap(), [later]);
    assert_eq!(place.count("ban"), 1);
}

#[tokio::test]
async fn a_ban_of_another_process_is_seen() {
    let place = Place::new();
    let (one, other) = (place.open(), place.open());
    let (state, _) = one.bans.changes(None, at(0)).await.unwrap().unwrap();
    let ban = ban("203.0.113.7");
    other.bans.put(&ban, None, &author()).await.unwrap();
    let (_, found) = one.bans.changes(Some(state), at(0)).await.unwrap().unwrap();
    assert_eq!(found, [ban]);
}
