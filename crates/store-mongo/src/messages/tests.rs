//! What of two lists is shown.

use super::*;

fn message(id: i64) -> Message {
    Message {
        id,
        message: id.to_string(),
        name: None,
        person_id: None,
        created_at: Timestamp(id),
    }
}

fn check(here: &[i64], archived: &[i64], removed: &[i64], expected: (&[i64], bool)) {
    let list = |ids: &[i64]| ids.iter().copied().map(message).collect::<Vec<_>>();
    let removed = removed.iter().copied().collect();
    let limit = Limit::new(3).unwrap();
    let page = merge(list(here), list(archived), &removed, limit);
    let ids: Vec<i64> = page.rows.iter().map(|message| message.id).collect();
    assert_eq!((ids.as_slice(), page.has_more), expected);
}

#[test]
fn what_stands_in_both_is_shown_once_and_what_was_taken_down_never() {
    check(&[], &[], &[], (&[], false));
    check(&[5, 4], &[4, 3, 2, 1], &[], (&[5, 4, 3], true));
    check(&[5], &[4, 3], &[], (&[5, 4, 3], false));
    check(&[5, 4], &[3, 2], &[4, 3], (&[5, 2], false));
}

#[test]
fn a_number_that_stands_for_something_else_is_known() {
    let ours = Stored::of(&message(7));
    let same = doc! { "_id": 7_i64, "message": "7", "person_id": 1_i64, "created_at": 7_i64 };
    assert!(is_same(&ours, &same));
    assert!(is_same(&ours, &doc! { "_id": 7_i64, "gone": true }));
    assert!(is_same(
        &ours,
        &doc! { "_id": 7_i64, "gone": true, "created_at": 7_i64 }
    ));
    assert!(!is_same(
        &ours,
        &doc! { "_id": 7_i64, "gone": true, "created_at": 8_i64 }
    ));
    assert!(!is_same(
        &ours,
        &doc! { "_id": 7_i64, "message": "8", "created_at": 7_i64 }
    ));
    assert!(!is_same(&ours, &doc! { "_id": 7_i64 }));
}
