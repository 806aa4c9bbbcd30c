//! What a crash leaves behind: the files as they were at some moment, the end of the log torn.

use std::fs;

use crate::person::{add, names, sound_entries, total};
use crate::place::Place;

/// The files of a store that is still open: what a crash would leave.
fn crashed(place: &Place) -> Place {
    let copy = Place::new();
    fs::copy(place.path(), copy.path()).unwrap();
    fs::copy(place.log_path(), copy.log_path()).unwrap();
    copy
}

fn name(number: usize) -> String {
    format!("Murid {number}")
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_crash() {
    let place = Place::new();
    let opened = place.open();
    for number in 0..40 {
        add(&opened.stores, &name(number)).await.unwrap();
    }
    let crashed = crashed(&place);
    let again = crashed.open();
    assert!(again.status().was_unclean);
    let expected: Vec<String> = (0..40).map(name).collect();
    assert_eq!(names(&again.stores).await, expected);
    assert_eq!(sound_entries(&again.stores).await, 40);
    add(&again.stores, "more").await.unwrap();
    again.close();
    crashed.must_be_sound();
    assert!(!crashed.open().status().was_unclean);
}

/// However much of the log's end is lost, whole units are: a person, their entry in the trail and the count stand or go together.
#[tokio::test]
async fn a_torn_log_loses_whole_units_from_the_end() {
    let place = Place::new();
    let opened = place.open();
    for number in 0..12 {
        add(&opened.stores, &name(number)).await.unwrap();
    }
    let log = fs::read(place.log_path()).unwrap();
    let mut kept = Vec::new();
    for cut in (0..log.len()).rev().step_by(1_777) {
        let torn = crashed(&place);
        fs::write(torn.log_path(), &log[..cut]).unwrap();
        kept.push(must_be_a_prefix(&torn).await);
    }
    assert!(kept.is_sorted_by(|one, next| one >= next), "{kept:?}");
    assert!(kept.first() > kept.last(), "{kept:?}");
}

#[tokio::test]
async fn a_flipped_bit_in_the_log_loses_whole_units_from_there() {
    let place = Place::new();
    let opened = place.open();
    for number in 0..12 {
        add(&opened.stores, &name(number)).await.unwrap();
    }
    let log = fs::read(place.log_path()).unwrap();
    for at in (32..log.len()).step_by(9_973) {
        let flipped = crashed(&place);
        let mut bytes = log.clone();
        bytes[at] ^= 0x10;
        fs::write(flipped.log_path(), &bytes).unwrap();
        must_be_a_prefix(&flipped).await;
    }
}

/// Opens what is left, and finds the first people, whole; answers how many.
async fn must_be_a_prefix(place: &Place) -> usize {
    let opened = place.open();
    let names = names(&opened.stores).await;
    let expected: Vec<String> = (0..names.len()).map(name).collect();
    assert_eq!(names, expected);
    assert_eq!(total(&opened.stores).await, names.len() as u64);
    assert_eq!(
        sound_entries(&opened.stores).await,
        i64::try_from(names.len()).unwrap()
    );
    add(&opened.stores, "more").await.unwrap();
    opened.close();
    place.must_be_sound();
    names.len()
}
