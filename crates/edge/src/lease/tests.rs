//! Who gets a lease, who loses it, and what a holder that slept may still do.

use std::mem::forget;
use std::sync::Barrier;
use std::thread;

use tempfile::TempDir;

use super::*;

const LASTS: Duration = Duration::from_mins(1);

fn lease(directory: &TempDir, holder: &str) -> Lease {
    Lease::new(
        directory.path().to_owned(),
        "lease",
        holder.to_owned(),
        LASTS,
    )
}

fn take(lease: &mut Lease) -> Option<Held> {
    lease.take(Instant::now()).unwrap()
}

#[test]
fn one_holds_it_and_after_its_release_another_with_a_higher_number() {
    let directory = tempfile::tempdir().unwrap();
    let (mut one, mut other) = (lease(&directory, "one"), lease(&directory, "other"));
    for round in 0..20 {
        let held = take(&mut one).unwrap();
        assert_eq!(held.number, 2 * round + 1);
        assert!(take(&mut other).is_none());
        drop(held);
        assert_eq!(take(&mut other).unwrap().number, 2 * round + 2);
    }
    let left = fs::read_dir(directory.path()).unwrap().count();
    assert!(left <= 2, "{left} files");
}

#[test]
fn a_silent_holder_is_succeeded_when_its_time_is_over_by_the_watchers_own_clock() {
    let directory = tempfile::tempdir().unwrap();
    let (mut one, mut other) = (lease(&directory, "one"), lease(&directory, "other"));
    forget(take(&mut one).unwrap());
    let begun = Instant::now();
    let mut after = |seconds| other.take(begun + Duration::from_secs(seconds)).unwrap();
    assert!(after(0).is_none());
    assert!(after(59).is_none());
    assert_eq!(after(61).unwrap().number, 2);
}

#[test]
fn a_holder_that_renews_is_not_succeeded_however_long_it_takes() {
    let directory = tempfile::tempdir().unwrap();
    let (mut one, mut other) = (lease(&directory, "one"), lease(&directory, "other"));
    let (held, begun) = (take(&mut one).unwrap(), Instant::now());
    for minute in 0..10 {
        held.renew().unwrap();
        let now = begun + Duration::from_mins(minute);
        assert!(other.take(now).unwrap().is_none(), "{minute}");
    }
}

#[test]
fn whoever_starts_anew_does_not_wait_for_their_own_lease() {
    let directory = tempfile::tempdir().unwrap();
    forget(take(&mut lease(&directory, "one")).unwrap());
    assert_eq!(take(&mut lease(&directory, "one")).unwrap().number, 2);
}

#[test]
fn a_holder_that_slept_is_told_and_leaves_its_successors_lease_alone() {
    let directory = tempfile::tempdir().unwrap();
    let (mut one, mut other) = (lease(&directory, "one"), lease(&directory, "other"));
    let slept = take(&mut one).unwrap();
    let begun = Instant::now();
    assert!(other.take(begun).unwrap().is_none());
    let successor = other.take(begun + 2 * LASTS).unwrap().unwrap();
    let told = slept.renew().unwrap_err().to_string();
    assert!(told.contains("another edge has taken over"), "{told}");
    drop(slept);
    assert_eq!(successor.place.newest().unwrap(), Some(successor.number));
    assert!(take(&mut lease(&directory, "third")).is_none());
}

#[test]
fn a_holder_that_can_not_renew_in_time_gives_up_before_others_may_take_over() {
    let directory = tempfile::tempdir().unwrap();
    let held = take(&mut lease(&directory, "one")).unwrap();
    let late = Instant::now().checked_sub(LASTS * 3 / 4).unwrap();
    held.renewed.set(late);
    let told = held.check().unwrap_err().to_string();
    assert!(told.contains("not be renewed in time"), "{told}");
}

#[test]
fn a_torn_lease_is_judged_by_its_silence() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("lease-7.json"), "{\"holder\": \"o").unwrap();
    let (mut one, begun) = (lease(&directory, "one"), Instant::now());
    assert!(one.take(begun).unwrap().is_none());
    assert_eq!(one.take(begun + 2 * LASTS).unwrap().unwrap().number, 8);
}

#[test]
fn of_many_that_come_at_once_one_gets_it() {
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..50 {
        let gate = Barrier::new(8);
        let contend = |index: usize| {
            let mut lease = lease(&directory, &index.to_string());
            gate.wait();
            take(&mut lease)
        };
        let got = thread::scope(|scope| {
            let contend = &contend;
            let all: Vec<_> = (0..8)
                .map(|index| scope.spawn(move || contend(index)))
                .collect();
            let joined = all.into_iter().filter_map(|one| one.join().unwrap());
            joined.collect::<Vec<_>>()
        });
        assert!(got.len() <= 1, "{got:?}");
        assert!(!got.is_empty(), "somebody gets it");
    }
}

#[test]
fn an_edge_keeps_its_name_from_one_start_to_the_next() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let name = holder(one.path()).unwrap();
    assert_eq!(holder(one.path()).unwrap(), name);
    assert_ne!(holder(other.path()).unwrap(), name);
}
