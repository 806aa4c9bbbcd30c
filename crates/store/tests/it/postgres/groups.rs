//! Units that are done together and share statements: each has its own outcome.

use std::collections::BTreeMap;

use school::people::{PeopleError, PersonInput, create};
use school::{Actor, Done, Person, Repeat, Stores};
use tokio::task::JoinSet;

use super::house::House;
use crate::person::{NOON, sound_entries, total};

const PEOPLE: u32 = 100;

/// Asks for a person under a key; every tenth wants the same address.
async fn ask(stores: &Stores, number: u32) -> Result<Done<Person>, PeopleError> {
    let input = PersonInput {
        first_name: format!("Murid {number}"),
        last_name: "Wijaya".to_owned(),
        email: number
            .is_multiple_of(10)
            .then(|| "satu@sekolah.example".to_owned()),
        ..PersonInput::default()
    };
    let key = format!("key-{number}");
    let repeat = Repeat::new("person:1".to_owned(), &key, &[key.as_bytes()], NOON);
    assert!(repeat.is_some());
    create(
        stores,
        &Actor::console(),
        input.check().unwrap(),
        repeat,
        NOON,
    )
    .await
}

#[tokio::test]
async fn of_many_who_share_statements_each_gets_their_own_outcome() {
    let house = House::new().await;
    // Everybody asks twice at once.
    let crowd: JoinSet<_> = (0..2 * PEOPLE)
        .map(|number| {
            let (stores, number) = (house.stores().clone(), number % PEOPLE);
            async move { (number, ask(&stores, number).await) }
        })
        .collect();
    let (mut made, mut repeated, mut refused) = (BTreeMap::new(), Vec::new(), 0);
    for (number, outcome) in crowd.join_all().await {
        match outcome {
            Ok(Done::First(person)) => {
                assert_eq!(person.first_name, format!("Murid {number}"));
                assert!(made.insert(number, person.id).is_none(), "{number} twice");
            }
            Ok(Done::Repeated(person)) => repeated.push((number, person.id)),
            Err(PeopleError::Invalid(_)) => refused += 1,
            Err(other) => panic!("{number}: {other}"),
        }
    }
    for (number, id) in &repeated {
        assert_eq!(made.get(number), Some(id));
    }
    for (number, id) in &made {
        let person = house.stores().people.find(*id).await.unwrap().unwrap();
        assert_eq!(person.first_name, format!("Murid {number}"));
    }
    let kept = PEOPLE as usize - 9;
    assert_eq!((made.len(), repeated.len(), refused), (kept, kept, 18));
    assert_eq!(total(house.stores()).await, kept as u64);
    assert_eq!(
        sound_entries(house.stores()).await,
        i64::try_from(kept).unwrap()
    );
    let told = "SELECT count(*) FROM person JOIN audit ON object_id = person.id \
        AND after::json->>'first_name' = first_name JOIN idempotency USING (object_id, after)";
    assert_eq!(house.server.sql(told), kept.to_string());
}

/// The server tells of what was done about once a second: people are added until it does.
async fn told_after(house: &House, numbers: &mut impl Iterator<Item = u32>) -> (i64, i64) {
    let told =
        "SELECT n_tup_ins || ' ' || seq_scan FROM pg_stat_user_tables WHERE relname = 'audit'";
    let told = || {
        let line = house.server.sql(told);
        let (entries, scans) = line.split_once(' ').unwrap();
        (entries.parse().unwrap(), scans.parse().unwrap())
    };
    let before: (i64, i64) = told();
    loop {
        for number in numbers.by_ref().take(20) {
            let _ = ask(house.stores(), number).await;
        }
        let now: (i64, i64) = told();
        if now.0 > before.0 {
            return now;
        }
    }
}

#[tokio::test]
async fn a_trail_that_was_short_when_it_was_counted_is_not_read_from_end_to_end() {
    let house = House::new().await;
    let mut numbers = 0..;
    ask(house.stores(), numbers.next().unwrap()).await.unwrap();
    house.server.sql("ANALYZE audit");
    let (_, before) = told_after(&house, &mut numbers).await;
    let (_, after) = told_after(&house, &mut numbers).await;
    assert_eq!(after, before);
}
