//! Who is limited together, and who apart.

use super::*;
use crate::config::LimitConfig;
use traffic::RequestId;

fn client(address: &str) -> Client {
    Client {
        address: address.parse().unwrap(),
        secure: true,
        request_id: RequestId(1),
    }
}

fn passed(
    limits: &Limits,
    tries: u32,
    address: impl Fn(u32) -> String,
    login: impl Fn(u32) -> String,
) -> u32 {
    let admit = |index: u32| {
        limits
            .admit_sign_in(&client(&address(index)), &login(index), 0)
            .is_ok()
    };
    (0..tries).map(|index| u32::from(admit(index))).sum()
}

#[test]
fn one_address_may_try_so_many_accounts() {
    let limits = Limits::new(&LimitConfig::default());
    let one = |_: u32| "192.0.2.1".to_owned();
    assert_eq!(
        passed(&limits, 100, one, |index| format!("pupil{index}")),
        31
    );
    let other = |_: u32| "192.0.2.2".to_owned();
    assert_eq!(passed(&limits, 1, other, |_| "pupil1".to_owned()), 1);
}

#[test]
fn one_account_may_be_tried_from_so_many_addresses_however_its_name_is_written() {
    let limits = Limits::new(&LimitConfig::default());
    let names = ["ani", "ANI", " Ani "];
    let login = |index: u32| names[index as usize % 3].to_owned();
    assert_eq!(
        passed(&limits, 100, |index| format!("192.0.2.{index}"), login),
        11
    );
}

#[test]
fn all_together_may_try_so_often() {
    let limits = Limits::new(&LimitConfig::default());
    let address = |index: u32| format!("10.0.{}.{}", index / 256, index % 256);
    assert_eq!(
        passed(&limits, 1000, address, |index| format!("pupil{index}")),
        201
    );
}

#[test]
fn who_was_refused_is_told_when_to_come_back() {
    let limits = Limits::new(&LimitConfig::default());
    let mut errors =
        (0..100).filter_map(|_| limits.admit_sign_in(&client("192.0.2.1"), "ani", 0).err());
    let error = errors.next().unwrap();
    assert_eq!(
        (error.report().problem.code, error.report().retry_after()),
        ("too_many", Some(16))
    );
}

#[test]
fn messages_are_limited_by_person_or_by_address() {
    let limits = Limits::new(&LimitConfig::default());
    let visitor = Actor::visitor(None, None);
    let person = Actor {
        who: Who::Person(1),
        ..visitor.clone()
    };
    let post = |actor: &Actor| limits.admit_message(&client("192.0.2.1"), actor, 0).is_ok();
    assert_eq!((0..100).filter(|_| post(&visitor)).count(), 21);
    assert_eq!((0..100).filter(|_| post(&person)).count(), 21);
}
