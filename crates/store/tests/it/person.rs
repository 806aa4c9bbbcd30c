//! People made and counted through the school's operations.

use school::actor::Actor;
use school::audit::{Verdict, verify};
use school::page::{Limit, Start};
use school::people::{PeopleError, PeopleQuery, PersonInput, create};
use school::{PersonId, StoreError, Stores, Timestamp};

pub(crate) const NOON: Timestamp = Timestamp(1_795_176_000_000_000);

/// Adds a person.
pub(crate) async fn add(stores: &Stores, name: &str) -> Result<PersonId, StoreError> {
    let input = PersonInput {
        first_name: name.to_owned(),
        last_name: "Wijaya".to_owned(),
        ..PersonInput::default()
    };
    let new = input.check().unwrap();
    match create(stores, &Actor::console(), new, None, NOON).await {
        Ok(done) => Ok(done.into_object().id),
        Err(PeopleError::Store(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

/// How many people there are, as the count says.
pub(crate) async fn total(stores: &Stores) -> u64 {
    let query = PeopleQuery {
        search: None,
        start: Start::Offset(0),
        limit: Limit::default(),
    };
    stores.people.list(&query).await.unwrap().total.unwrap()
}

/// The names of all people by id, read page by page.
pub(crate) async fn names(stores: &Stores) -> Vec<String> {
    let mut names = Vec::new();
    let mut after = 0;
    loop {
        let query = PeopleQuery {
            search: None,
            start: Start::After(after),
            limit: Limit::new(200).unwrap(),
        };
        let page = stores.people.list(&query).await.unwrap();
        after = page.rows.last().map_or(after, |person| person.id);
        names.extend(page.rows.into_iter().map(|person| person.first_name));
        if !page.has_more {
            return names;
        }
    }
}

/// The length of a trail that must be sound.
pub(crate) async fn sound_entries(stores: &Stores) -> i64 {
    match verify(stores, &Actor::console()).await.unwrap() {
        Verdict::Sound { entries, .. } => entries,
        broken @ Verdict::Broken { .. } => panic!("{broken:?}"),
    }
}
