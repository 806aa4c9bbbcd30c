//! Pendopo and the seed stack on the same PostgreSQL, beside what the database alone can do; and on the same Redis.

mod ceiling;
mod postgres;
mod redis;
mod runner;

use anyhow::Result;

use super::Bench;
use super::load::Part;
use super::round::{self, Figure};

pub(crate) use postgres::{Cluster, contender};

/// The parts that need the servers, in the order of the report.
pub(crate) const PARTS: [Part; 4] = [
    Part::PostgresGet,
    Part::PostgresList,
    Part::PostgresCreate,
    Part::RedisPage,
];

/// What runs the statements alone.
pub(crate) const CEILING: &str = "pgbench";

/// All parts that are wanted.
pub(crate) fn figures(bench: &Bench) -> Result<Vec<Figure>> {
    let (redis, postgres): (Vec<Part>, Vec<Part>) = PARTS
        .into_iter()
        .filter(|part| bench.wants(*part))
        .partition(|part| *part == Part::RedisPage);
    let mut figures = Vec::new();
    if !postgres.is_empty() {
        figures.extend(on_postgres(bench, &postgres)?);
    }
    if !redis.is_empty() {
        figures.extend(redis::figures(bench)?);
    }
    Ok(figures)
}

/// The parts on both contenders, and on the database alone.
fn on_postgres(bench: &Bench, parts: &[Part]) -> Result<Vec<Figure>> {
    let cluster = Cluster::start()?;
    let contenders = postgres::contenders(bench, &cluster)?;
    let mut figures = Vec::new();
    for part in parts {
        figures.extend(round::one(bench, &contenders, *part)?);
        figures.push(ceiling::figure(bench, &cluster, *part)?);
    }
    Ok(figures)
}
