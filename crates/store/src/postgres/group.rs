//! Group commit: many units of work in one transaction, sent in two waves without waiting between statements.
//!
//! The first wave begins, takes the lock under which all writers of all replicas take turns, reads the trail's head and does
//! every statement; the second appends the entries, chained by then, and commits.

use std::borrow::Cow;

use school::{Inserted, StoreError};
use tokio_postgres::Error;

use super::connection::{Connection, Durability, Sent};
use super::failure::{is_of_connection, store_error};
use super::replicas::{POSITION, Written, position_of};
use crate::audit::{APPEND, HEAD, entry_values};
use crate::unit::{Head, Statement, Step, Unit};
use crate::value::{Row, Value};

/// One writer at a time: the trail is a chain, and the guards of a unit hold until its commit. Whoever holds the lock and
/// falls silent loses it.
const BEGIN: &str = "BEGIN; SET LOCAL lock_timeout = 8000; SET LOCAL statement_timeout = 9000; \
    SET LOCAL idle_in_transaction_session_timeout = 5000; SELECT pg_advisory_xact_lock(5786930142)";
/// For a server that was told to answer before what was committed is on its disk.
const BEGIN_DURABLY: &str = "BEGIN; SET LOCAL synchronous_commit = on; SET LOCAL lock_timeout = 8000; \
    SET LOCAL statement_timeout = 9000; SET LOCAL idle_in_transaction_session_timeout = 5000; \
    SELECT pg_advisory_xact_lock(5786930142)";

/// Why a group was not committed.
pub(super) enum Fault {
    /// The unit at this place writes nothing: it failed, or was done before. Nothing of any was done.
    Unit(usize, Result<Inserted, StoreError>),
    /// The connection broke, and nothing was done.
    Broken(StoreError),
    /// Whatever it was, it may be done or not.
    Group(StoreError),
}

type Ran<'a> = Sent<'a, Result<(u64, Vec<Row>), Error>>;

/// Does every unit and commits, or does nothing.
pub(super) async fn commit(
    connection: &Connection,
    units: &[&Unit],
    written: Option<&Written>,
) -> Result<Vec<Inserted>, Fault> {
    prepare(connection, units)
        .await
        .map_err(|error| before(&error))?;
    match first_wave(connection, units).await {
        Ok((head, objects)) => {
            let made = second_wave(connection, units, head, objects, written).await?;
            Ok(made.into_iter().map(Inserted::New).collect())
        }
        Err(fault) => {
            if !matches!(fault, Fault::Broken(_)) {
                connection
                    .execute("ROLLBACK")
                    .await
                    .map_err(|error| before(&error))?;
            }
            Err(fault)
        }
    }
}

/// Nothing was committed yet.
fn before(error: &Error) -> Fault {
    if is_of_connection(error) {
        Fault::Broken(store_error(error))
    } else {
        Fault::Group(write_error(error))
    }
}

fn write_error(error: &Error) -> StoreError {
    match store_error(error) {
        StoreError::TooSlow => {
            StoreError::Unavailable("the database took too long to write".into())
        }
        other => other,
    }
}

/// What is to be sent in one go can't wait for the server to prepare it.
async fn prepare(connection: &Connection, units: &[&Unit]) -> Result<(), Error> {
    connection.prepare(HEAD).await?;
    connection.prepare(APPEND).await?;
    connection.prepare(POSITION).await?;
    for statement in units.iter().flat_map(|unit| &unit.statements) {
        connection.prepare(&text(statement)).await?;
    }
    Ok(())
}

/// A unit's id is not known yet when its later statements are sent; the server knows it.
fn text(statement: &Statement) -> Cow<'static, str> {
    let place = statement
        .params
        .iter()
        .position(|value| *value == Value::NewId);
    match place {
        None => Cow::Borrowed(statement.sql),
        Some(index) => {
            let name = format!("${}", index + 1);
            Cow::Owned(
                statement
                    .sql
                    .replace(&name, &format!("COALESCE({name}, lastval())")),
            )
        }
    }
}

async fn first_wave(
    connection: &Connection,
    units: &[&Unit],
) -> Result<(Head, Vec<Option<i64>>), Fault> {
    let begin = match connection.server.durability {
        Durability::Always | Durability::Never => BEGIN,
        Durability::OnRequest => BEGIN_DURABLY,
    };
    let begun = Sent::send(connection.execute(begin)).await;
    let head = Sent::send(connection.run(HEAD, &[])).await;
    let mut sent: Vec<Vec<Ran<'_>>> = Vec::with_capacity(units.len());
    for unit in units {
        let mut statements = Vec::with_capacity(unit.statements.len());
        for statement in &unit.statements {
            let ran = async { connection.run(&text(statement), &statement.params).await };
            statements.push(Sent::send(ran).await);
        }
        sent.push(statements);
    }
    begun.answer().await.map_err(|error| before(&error))?;
    let (_, rows) = head.answer().await.map_err(|error| before(&error))?;
    let head = Head::read(rows).map_err(Fault::Group)?;
    let mut objects = Vec::with_capacity(units.len());
    for (place, (unit, statements)) in units.iter().zip(sent).enumerate() {
        objects.push(judge(unit, statements, place).await?);
    }
    Ok((head, objects))
}

/// Which object a unit was about. One that was done before is a fault: what else was sent of it must not stand.
async fn judge(unit: &Unit, statements: Vec<Ran<'_>>, place: usize) -> Result<Option<i64>, Fault> {
    let mut object = unit.object;
    for (statement, ran) in unit.statements.iter().zip(statements) {
        let ran = ran.answer().await;
        let (touched, rows) = ran.map_err(|error| failed_at(place, &error))?;
        match statement.expect.judge(touched, rows) {
            Ok(Step::Next) => {}
            Ok(Step::NewId(id)) => object = Some(id),
            Ok(Step::Stop(done)) => return Err(Fault::Unit(place, Ok(done))),
            Err(error) => return Err(Fault::Unit(place, Err(error))),
        }
    }
    Ok(object)
}

/// A server in trouble fails every unit alike; other failures are this unit's own.
fn failed_at(place: usize, error: &Error) -> Fault {
    match before(error) {
        Fault::Group(error @ (StoreError::Unavailable(_) | StoreError::Full(_))) => {
            Fault::Group(error)
        }
        Fault::Group(error) => Fault::Unit(place, Err(error)),
        other => other,
    }
}

async fn second_wave(
    connection: &Connection,
    units: &[&Unit],
    mut head: Head,
    objects: Vec<Option<i64>>,
    written: Option<&Written>,
) -> Result<Vec<i64>, Fault> {
    let mut appended = Vec::new();
    for (unit, object) in units.iter().zip(&objects) {
        let Some(change) = &unit.change else { continue };
        let entry = head.chain(change, *object);
        head = Head {
            seq: entry.seq,
            hash: entry.hash,
        };
        let values = entry_values(entry);
        let append = async move { connection.run(APPEND, &values).await };
        appended.push(Sent::send(append).await);
    }
    let committed = Sent::send(connection.execute("COMMIT")).await;
    let asked = match written {
        Some(written) => Some((written, Sent::send(connection.run(POSITION, &[])).await)),
        None => None,
    };
    let failed = |error: Error| Fault::Group(write_error(&error));
    // A commit of what had failed is a rollback that is answered as if all were well: so each is looked at.
    for append in appended {
        append.answer().await.map_err(failed)?;
    }
    committed.answer().await.map_err(failed)?;
    if let Some((written, asked)) = asked {
        let position = asked.answer().await.ok();
        written.tell(position.and_then(|(_, rows)| position_of(rows).ok()));
    }
    let made = objects.into_iter();
    Ok(made.map(Option::unwrap_or_default).collect())
}
