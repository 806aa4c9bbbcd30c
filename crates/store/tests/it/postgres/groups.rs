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
