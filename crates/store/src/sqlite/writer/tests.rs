//! The writer's thread when something goes wrong in it.

use school::actor::Actor;
use school::audit::Action;
use school::{Change, Timestamp};
use tempfile::TempDir;

use super::super::start;
use super::*;
use crate::unit::{Beside, Expect, Statement};
use crate::value::values;

const COUNT: &str = "UPDATE counter SET value = value + 1 WHERE name = $1";

fn writer(directory: &TempDir) -> Writer {
    let options = Options::default();
    let started = start::start(&directory.path().join("pendopo.db"), &options).unwrap();
    Writer::start(Arc::new(started.file), started.connection, &options).unwrap()
}

fn unit(expect: Expect) -> Unit {
    let change = Change::new(&Actor::console(), Action::PersonUpdate, Timestamp(0));
    Unit::new(change).then(COUNT, values!["check"], expect)
}

/// How often the units were done, by their own count and by the trail's.
fn counted(directory: &TempDir) -> (i64, i64) {
    const BOTH: &str =
        "SELECT (SELECT value FROM counter WHERE name = 'check'), (SELECT COUNT(*) FROM audit)";
    let connection = Connection::open(directory.path().join("pendopo.db")).unwrap();
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    connection.query_row(BOTH, [], read).unwrap()
}

#[tokio::test]
async fn a_unit_that_panics_is_answered_and_the_next_one_is_done() {
    let directory = TempDir::new().unwrap();
    let writer = writer(&directory);
    writer.write(unit(Expect::Any)).await.unwrap();
    let stumbling = Expect::None(|| panic!("a fault of the tests' own"));
    let answer = writer.write(unit(stumbling)).await;
    assert!(
        matches!(answer, Err(StoreError::Unavailable(_))),
        "{answer:?}"
    );
    writer.write(unit(Expect::Any)).await.unwrap();
    writer.close();
    assert_eq!(
        counted(&directory),
        (2, 2),
        "nothing of the failed unit remains"
    );
}

#[tokio::test]
async fn a_unit_that_fails_leaves_the_others_of_its_group() {
    let directory = TempDir::new().unwrap();
    let writer = writer(&directory);
    let wrong = || writer.write(unit(Expect::None(|| StoreError::Stale)));
    let right = || writer.write(unit(Expect::Any));
    // The failing units have written before they fail.
    let (one, two, three, four) = tokio::join!(right(), wrong(), right(), wrong());
    assert!(one.is_ok() && three.is_ok());
    assert!(matches!(
        (two, four),
        (Err(StoreError::Stale), Err(StoreError::Stale))
    ));
    writer.close();
    assert_eq!(
        counted(&directory),
        (2, 2),
        "nothing of the failed units remains"
    );
}

#[tokio::test]
async fn what_units_add_to_a_number_is_added_once_and_nothing_of_those_that_failed() {
    let directory = TempDir::new().unwrap();
    let writer = writer(&directory);
    let adding = |unit: Unit| {
        unit.and(Statement {
            sql: "UPDATE counter SET value = value + $1 WHERE name = 'check'",
            params: values![10],
            expect: Expect::One(|| StoreError::NotFound),
            beside: Beside::Sum,
        })
    };
    let right = || writer.write(adding(unit(Expect::Any)));
    let unwritten = Unit::untold().then("SELECT 1", values![], Expect::None(|| StoreError::Stale));
    let wrong = unit(Expect::None(|| StoreError::Stale));
    let (one, two, three, four) = tokio::join!(
        right(),
        writer.write(adding(unwritten)),
        right(),
        writer.write(adding(wrong))
    );
    assert!(one.is_ok() && three.is_ok());
    assert!(matches!(
        (two, four),
        (Err(StoreError::Stale), Err(StoreError::Stale))
    ));
    writer.close();
    assert_eq!(counted(&directory), (22, 2));
}
