//! Group commit: many units of work in one transaction, sent in two waves without waiting between statements.
//!
//! The first wave begins, takes the lock under which all writers of all replicas take turns, reads the trail's head and does
//! every statement; the second does what needs the new ids, appends the entries, chained by then, and commits.

use school::Inserted;
use tokio_postgres::Error;

use super::bulk::{inserts, texts};
use super::connection::{Connection, Durability, Sent};
use super::fault::Fault;
use super::orders::{Order, Sharing, orders};
use super::replicas::{POSITION, Written, position_of};
use crate::audit::{APPEND, HEAD, entry_values};
use crate::unit::{Head, Last, Unit};
use crate::value::{Row, Value};

/// One writer at a time: the trail is a chain, and the guards of a unit hold until its commit. Whoever holds the lock and
/// falls silent loses it.
const BEGIN: &str = "BEGIN; SET LOCAL lock_timeout = 8000; SET LOCAL statement_timeout = 9000; \
    SET LOCAL idle_in_transaction_session_timeout = 5000; SELECT pg_advisory_xact_lock(5786930142)";
/// For a server that was told to answer before what was committed is on its disk.
const BEGIN_DURABLY: &str = "BEGIN; SET LOCAL synchronous_commit = on; SET LOCAL lock_timeout = 8000; \
    SET LOCAL statement_timeout = 9000; SET LOCAL idle_in_transaction_session_timeout = 5000; \
    SELECT pg_advisory_xact_lock(5786930142)";

type Ran<'a> = Sent<'a, Result<(u64, Vec<Row>), Error>>;
type Objects = Vec<Option<i64>>;

/// Does every unit and commits, or does nothing.
pub(super) async fn commit(
    connection: &Connection,
    units: &[&Unit],
    sharing: Sharing,
    written: Option<&Written>,
) -> Result<Vec<Inserted>, Fault> {
    let orders = orders(units, sharing);
    prepare(connection, units, &orders)
        .await
        .map_err(|error| Fault::before(&error))?;
    let objects = units.iter().map(|unit| unit.object).collect();
    match first_wave(connection, &orders, objects).await {
        Ok((head, objects)) => {
            second_wave(connection, units, head, &objects, written).await?;
            let made = objects.into_iter().map(Option::unwrap_or_default);
            Ok(made.map(Inserted::New).collect())
        }
        Err(fault) => {
            if !matches!(fault, Fault::Broken(_)) {
                connection
                    .execute("ROLLBACK")
                    .await
                    .map_err(|error| Fault::before(&error))?;
            }
            Err(fault)
        }
    }
}

/// What is to be sent in one go can't wait for the server to prepare it.
async fn prepare(
    connection: &Connection,
    units: &[&Unit],
    orders: &[Order<'_>],
) -> Result<(), Error> {
    for sql in [HEAD, POSITION] {
        connection.prepare(sql).await?;
    }
    for order in orders {
        connection.prepare(&order.sql).await?;
    }
    for (sql, lasts) in lasts(units) {
        for sql in texts(sql, lasts.len()) {
            connection.prepare(&sql).await?;
        }
    }
    let told = units.iter().filter(|unit| unit.change.is_some()).count();
    for sql in texts(APPEND, told) {
        connection.prepare(&sql).await?;
    }
    Ok(())
}

/// What is done last, by its text, with the places of the units.
fn lasts<'a>(units: &[&'a Unit]) -> Vec<(&'static str, Vec<(usize, &'a Last)>)> {
    let mut found: Vec<(&'static str, Vec<_>)> = Vec::new();
    for (place, unit) in units.iter().enumerate() {
        let Some(last) = &unit.last else { continue };
        match found.iter_mut().find(|(sql, _)| *sql == last.sql) {
            Some((_, lasts)) => lasts.push((place, last)),
            None => found.push((last.sql, vec![(place, last)])),
        }
    }
    found
}

async fn first_wave(
    connection: &Connection,
    orders: &[Order<'_>],
    mut objects: Objects,
) -> Result<(Head, Objects), Fault> {
    let begin = match connection.server.durability {
        Durability::Always | Durability::Never => BEGIN,
        Durability::OnRequest => BEGIN_DURABLY,
    };
    let begun = Sent::send(connection.execute(begin)).await;
    let head = Sent::send(connection.run(HEAD, &[])).await;
    let mut sent: Vec<Ran<'_>> = Vec::with_capacity(orders.len());
    for order in orders {
        sent.push(Sent::send(connection.run(&order.sql, &order.params)).await);
    }
    let before = |error: Error| Fault::before(&error);
    begun.answer().await.map_err(before)?;
    let (_, rows) = head.answer().await.map_err(before)?;
    let head = Head::read(rows).map_err(Fault::Group)?;
    for (order, ran) in orders.iter().zip(sent) {
        let ran = ran.answer().await;
        let (touched, rows) = ran.map_err(|error| order.failed(&error))?;
        order.judge(touched, rows, &mut objects)?;
    }
    Ok((head, objects))
}

async fn second_wave(
    connection: &Connection,
    units: &[&Unit],
    head: Head,
    objects: &[Option<i64>],
    written: Option<&Written>,
) -> Result<(), Fault> {
    let run = |sql: std::borrow::Cow<'static, str>, params: Vec<Value>| {
        Sent::send(async move { connection.run(&sql, &params).await })
    };
    let mut sent = Vec::new();
    for (sql, lasts) in lasts(units) {
        let rows = lasts
            .iter()
            .map(|(place, last)| last.with_id(objects[*place]));
        for (sql, _, params) in inserts(sql, rows) {
            sent.push(run(sql, params).await);
        }
    }
    for (sql, _, params) in inserts(APPEND, entries(units, head, objects).into_iter()) {
        sent.push(run(sql, params).await);
    }
    let committed = Sent::send(connection.execute("COMMIT")).await;
    let asked = match written {
        Some(written) => Some((written, Sent::send(connection.run(POSITION, &[])).await)),
        None => None,
    };
    let failed = |error: Error| Fault::after(&error);
    // A commit of what had failed is a rollback that is answered as if all were well: so each is looked at.
    for ran in sent {
        ran.answer().await.map_err(failed)?;
    }
    committed.answer().await.map_err(failed)?;
    if let Some((written, asked)) = asked {
        let position = asked.answer().await.ok();
        written.tell(position.and_then(|(_, rows)| position_of(rows).ok()));
    }
    Ok(())
}

/// The entries of all units that are told, each chained to the one before.
fn entries(units: &[&Unit], mut head: Head, objects: &[Option<i64>]) -> Vec<Vec<Value>> {
    let mut entries = Vec::new();
    for (unit, object) in units.iter().zip(objects) {
        let Some(change) = &unit.change else { continue };
        let entry = head.chain(change, *object);
        head = Head {
            seq: entry.seq,
            hash: entry.hash,
        };
        entries.push(entry_values(entry));
    }
    entries
}
