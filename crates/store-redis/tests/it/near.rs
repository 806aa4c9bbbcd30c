//! People kept near by two processes, which tell each other of changes.

use std::time::{Duration, Instant};

use school::people::{NewPerson, PersonInput, create};
use school::{Actor, Change, Person, Stores, Timestamp};
use store::Opened;
use store_redis::Redis;
use tempfile::TempDir;
use testkit::Cable;
use testkit::redis::Server;
use tokio::task::JoinSet;

use crate::house::{at, records, until};

/// One process: its people, and its own way to the server.
pub(crate) struct Process {
    pub(crate) stores: Stores,
    cable: Cable,
    records: Opened,
    _beside: JoinSet<()>,
}

/// Two processes with the same records.
pub(crate) struct House {
    pub(crate) one: Process,
    other: Process,
    server: Server,
    _directory: TempDir,
}

impl Process {
    fn new(server: &Server, directory: &TempDir) -> Self {
        let cable = Cable::to(server.address());
        let redis: Redis = at(&format!("redis://{}", cable.address()));
        let records = records(directory.path());
        let (stores, running) = redis.with_people_near(records.stores.clone());
        let mut beside = JoinSet::new();
        beside.spawn(running);
        Self {
            stores,
            cable,
            records,
            _beside: beside,
        }
    }

    async fn find(&self, id: i64) -> Option<Person> {
        self.stores.people.find(id).await.unwrap()
    }

    async fn rename(&self, person: &Person, name: &str) -> Person {
        let next = Person {
            first_name: name.to_owned(),
            version: person.version + 1,
            ..person.clone()
        };
        let change = Change::new(&Actor::console(), school::audit::Action::PersonUpdate, NOON);
        self.stores.people.update(&next, change).await.unwrap();
        next
    }

    /// Waits until a person who was read once is not read from the records again.
    async fn must_keep_near(&self, house: &House, id: i64) {
        until("the person is kept near", async || {
            self.find(id).await;
            let aside = house.rename_aside(id).await;
            self.find(id).await.unwrap().version < aside.version
        })
        .await;
    }
}

const NOON: Timestamp = Timestamp(1_795_176_000_000_000);

impl House {
    pub(crate) fn new() -> Self {
        let (server, directory) = (Server::default(), TempDir::new().unwrap());
        Self {
            one: Process::new(&server, &directory),
            other: Process::new(&server, &directory),
            server,
            _directory: directory,
        }
    }

    /// Waits until the server has everybody who listens.
    pub(crate) async fn must_hear(&self) {
        until("both processes listen", async || {
            let said = self.server.run("PUBSUB NUMSUB {pendopo}:changed");
            said.contains(":2\r\n")
        })
        .await;
    }

    /// Changes a person behind everybody's back.
    async fn rename_aside(&self, id: i64) -> Person {
        let people = &self.one.records.stores.people;
        let found = people.find(id).await.unwrap().unwrap();
        let next = Person {
            version: found.version + 1,
            ..found
        };
        let change = Change::new(&Actor::console(), school::audit::Action::PersonUpdate, NOON);
        people.update(&next, change).await.unwrap();
        next
    }

    async fn add(&self) -> Person {
        let input = PersonInput {
            first_name: "Ani".to_owned(),
            last_name: "Wijaya".to_owned(),
            ..PersonInput::default()
        };
        let new: NewPerson = input.check().unwrap();
        let made = create(&self.one.stores, &Actor::console(), new, None, NOON).await;
        made.unwrap().into_object()
    }
}

#[tokio::test]
async fn a_change_by_another_process_is_seen_at_once() {
    let house = House::new();
    let ani = house.add().await;
    house.other.must_keep_near(&house, ani.id).await;
    let mut ani = house.one.find(ani.id).await.unwrap();
    let mut slowest = Duration::ZERO;
    for round in 0..20 {
        // A version that was read in vain while the news travelled is no reason to fail.
        ani = house.one.stores.people.find(ani.id).await.unwrap().unwrap();
        house.other.find(ani.id).await;
        let name = format!("Ani {round}");
        ani = house.one.rename(&house.newest(ani.id).await, &name).await;
        let begun = Instant::now();
        until("the change is seen", async || {
            house.other.find(ani.id).await.unwrap().first_name == name
        })
        .await;
        slowest = slowest.max(begun.elapsed());
    }
    assert!(slowest < Duration::from_millis(500), "{slowest:?}");
}

#[tokio::test]
async fn nobody_is_kept_for_a_second_even_when_no_news_come() {
    let house = House::new();
    let ani = house.add().await;
    house.other.must_keep_near(&house, ani.id).await;
    house.one.cable.fall_silent();
    let begun = Instant::now();
    let newest = house.rename_aside(ani.id).await;
    until("the change is seen", async || {
        house.other.find(ani.id).await.unwrap().version == newest.version
    })
    .await;
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn without_the_server_therecords_kept_are_asked_each_time() {
    let mut house = House::new();
    let ani = house.add().await;
    house.other.must_keep_near(&house, ani.id).await;
    house.server.kill();
    until("the records are asked", async || {
        house.other.find(ani.id).await;
        let newest = house.rename_aside(ani.id).await;
        house.other.find(ani.id).await.unwrap().version == newest.version
    })
    .await;
    // A change is made all the same.
    let newest = house.newest(ani.id).await;
    let renamed = house.one.rename(&newest, "Budi").await;
    assert_eq!(house.other.find(ani.id).await, Some(renamed));
    house.server.start();
    house.other.must_keep_near(&house, ani.id).await;
}

impl House {
    async fn newest(&self, id: i64) -> Person {
        let found = self.one.records.stores.people.find(id).await.unwrap();
        found.unwrap()
    }
}
