//! How bans are changed: as they were seen, whole, and told.
#![expect(
    missing_docs,
    reason = "each function's name is the sentence it proves"
)]

use std::future::poll_fn;
use std::pin::Pin;
use std::slice::from_ref;
use std::task::Poll;

use crate::ban::Ban;
use crate::ban_contract::{Fresh, Told, at, author, ban};
use crate::ban_store::{Author, BanError};

fn is_stale<T>(outcome: &Result<T, BanError>) -> bool {
    matches!(outcome, Err(BanError::Stale))
}

pub async fn a_ban_takes_the_place_of_the_one_before(fresh: &Fresh) {
    let short = Ban {
        until: Some(at(60)),
        ..ban("203.0.113.0/24")
    };
    let long = Ban {
        since: at(30),
        until: Some(at(3600)),
        reason: "again".to_owned(),
        ..short.clone()
    };
    fresh.put(&short).await;
    fresh
        .bans
        .put(&long, Some(&short), &author())
        .await
        .expect("it replaces");
    assert_eq!(fresh.list(30).await, from_ref(&long));
    // The end of the one before is none of the one that is there.
    assert_eq!(fresh.find(long.network, 61).await, Some(long.clone()));
    let for_good = Ban {
        since: at(40),
        until: None,
        ..long.clone()
    };
    fresh
        .bans
        .put(&for_good, Some(&long), &author())
        .await
        .expect("it replaces");
    // Another write clears away what has ended.
    fresh
        .put(&Ban {
            since: at(9999),
            ..ban("203.0.113.7")
        })
        .await;
    assert_eq!(fresh.find(for_good.network, 9999).await, Some(for_good));
}

pub async fn a_ban_is_changed_only_as_it_was_seen(fresh: &Fresh) {
    let first = ban("203.0.113.7");
    let second = Ban {
        since: at(1),
        ..first.clone()
    };
    let never = fresh.bans.put(&second, Some(&first), &author()).await;
    assert!(is_stale(&never), "{never:?}");
    fresh.put(&first).await;
    let again = fresh.bans.put(&second, None, &author()).await;
    assert!(is_stale(&again), "{again:?}");
    fresh
        .bans
        .put(&second, Some(&first), &author())
        .await
        .expect("it is seen");
    let late = fresh
        .bans
        .put(&ban("203.0.113.7"), Some(&first), &author())
        .await;
    assert!(is_stale(&late), "{late:?}");
    let late = fresh.bans.remove(&first, &author(), at(2)).await;
    assert!(is_stale(&late), "{late:?}");
    assert_eq!(fresh.list(2).await, from_ref(&second));
    fresh
        .bans
        .remove(&second, &author(), at(2))
        .await
        .expect("it is seen");
    let gone = fresh.bans.remove(&second, &author(), at(2)).await;
    assert!(is_stale(&gone), "{gone:?}");
    let short = Ban {
        since: at(2),
        until: Some(at(3)),
        ..first
    };
    fresh.put(&short).await;
    let next = Ban {
        since: at(3),
        ..ban("203.0.113.7")
    };
    let ended = fresh.bans.put(&next, Some(&short), &author()).await;
    assert!(is_stale(&ended), "{ended:?}");
    assert_eq!(fresh.list(3).await, []);
}

pub async fn of_many_who_ban_one_network_one_does(fresh: &Fresh) {
    let bans: Vec<_> = (0..20)
        .map(|number| Ban {
            reason: number.to_string(),
            ..ban("203.0.113.0/24")
        })
        .collect();
    let author = author();
    let outcomes = all(bans.iter().map(|ban| fresh.bans.put(ban, None, &author))).await;
    let done: Vec<_> = outcomes
        .iter()
        .zip(&bans)
        .filter(|(outcome, _)| outcome.is_ok())
        .collect();
    assert_eq!(done.len(), 1);
    assert_eq!(
        outcomes.iter().filter(|outcome| is_stale(outcome)).count(),
        19
    );
    assert_eq!(fresh.list(0).await, [done[0].1.clone()]);
    assert_eq!(fresh.trail.told().await.len(), 1);
}

pub async fn many_bans_at_once_are_all_kept(fresh: &Fresh) {
    let bans: Vec<_> = (0..60)
        .map(|number| ban(&format!("203.0.113.{number}")))
        .collect();
    let author = author();
    let outcomes = all(bans.iter().map(|ban| fresh.bans.put(ban, None, &author))).await;
    let mut numbers: Vec<_> = outcomes
        .into_iter()
        .map(|outcome| outcome.expect("it is kept"))
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), bans.len());
    assert_eq!(fresh.list(0).await, bans);
    assert_eq!(fresh.trail.told().await.len(), bans.len());
}

pub async fn each_change_is_told_with_the_ban_before_and_after(fresh: &Fresh) {
    let first = ban("203.0.113.7");
    let second = Ban {
        since: at(1),
        until: Some(at(99)),
        ..first.clone()
    };
    let teacher = Author {
        name: "person:7".to_owned(),
        ..author()
    };
    let numbers = [
        fresh.put(&first).await,
        fresh
            .bans
            .put(&second, Some(&first), &teacher)
            .await
            .expect("it is changed"),
        fresh
            .bans
            .remove(&second, &author(), at(2))
            .await
            .expect("it is removed"),
    ];
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    let told =
        |place: usize, action: &str, actor: &str, before: Option<&Ban>, after: Option<&Ban>| Told {
            action: action.to_owned(),
            actor: actor.to_owned(),
            number: Some(numbers[place]),
            before: before.cloned(),
            after: after.cloned(),
        };
    let expected = [
        told(0, "ban.add", "console", None, Some(&first)),
        told(1, "ban.change", "person:7", Some(&first), Some(&second)),
        told(2, "ban.remove", "console", Some(&second), None),
    ];
    assert_eq!(fresh.trail.told().await, expected);
}

pub async fn what_failed_leaves_no_trace(fresh: &Fresh) {
    let ban = ban("203.0.113.7");
    fresh.put(&ban).await;
    let (state, told) = (fresh.state().await, fresh.trail.told().await);
    let again = fresh.bans.put(&ban, None, &author()).await;
    assert!(is_stale(&again), "{again:?}");
    let other = Ban {
        since: at(5),
        ..ban.clone()
    };
    let gone = fresh.bans.remove(&other, &author(), at(6)).await;
    assert!(is_stale(&gone), "{gone:?}");
    assert_eq!(fresh.state().await, state);
    assert_eq!(fresh.trail.told().await, told);
    assert_eq!(fresh.list(6).await, [ban]);
}

/// What all of these answer, each asked before the first has answered; in their order.
async fn all<'a, T>(
    futures: impl Iterator<Item = Pin<Box<dyn Future<Output = T> + Send + 'a>>>,
) -> Vec<T> {
    let mut waiting: Vec<_> = futures.map(|future| (future, None)).collect();
    poll_fn(|cx| {
        for (future, answer) in waiting.iter_mut().filter(|(_, answer)| answer.is_none()) {
            if let Poll::Ready(given) = future.as_mut().poll(cx) {
                *answer = Some(given);
            }
        }
        if waiting.iter().all(|(_, answer)| answer.is_some()) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    waiting
        .into_iter()
        .filter_map(|(_, answer)| answer)
        .collect()
}
