//! The rows of the design's table, each with where its number comes from.

use super::megabytes;
use crate::bench::build::Build;
use crate::bench::contender::Contender;
use crate::bench::load::Part;
use crate::bench::proxy::{self, Proxies};
use crate::bench::round::Figure;
use crate::bench::sample::Sample;
use crate::bench::stores;

/// What was measured, to compare from.
pub(crate) struct Measured<'a> {
    pub(crate) figures: &'a [Figure],
    pub(crate) stores: &'a [Figure],
    pub(crate) contenders: &'a [Contender],
    pub(crate) build: Option<&'a Build>,
    pub(crate) proxies: Option<&'a Proxies>,
}

/// Where a number comes from.
type Number = fn(&Measured<'_>) -> Option<f64>;

/// A row of the design: the bounds, and where the number comes from.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) number: Number,
    /// What it must be at least, and what is aimed at.
    pub(crate) bounds: (f64, f64),
}

const fn row(what: &'static str, unit: &'static str, number: Number, bounds: (f64, f64)) -> Row {
    Row {
        what,
        unit,
        number,
        bounds,
    }
}

/// Every row whose parts exist.
pub(crate) const ROWS: &[Row] = &[
    row(
        "`GET /user/{id}`: CPU a request against the floor",
        "",
        |m| m.cpu(Part::Get, "floor"),
        (2.2, 1.5),
    ),
    row(
        "`GET /user/{id}`: CPU a request against the seed stack",
        "",
        |m| m.cpu(Part::Get, "seed"),
        (1.0 / 20.0, 1.0 / 35.0),
    ),
    row(
        "`POST /user`: throughput against the seed stack",
        "",
        |m| m.rate(Part::Create, "seed"),
        (12.0, 25.0),
    ),
    row(
        "`POST /user`: CPU a request against the seed stack",
        "",
        |m| m.cpu(Part::Create, "seed"),
        (1.0 / 15.0, 1.0 / 30.0),
    ),
    row(
        "message page: CPU a request against the seed stack",
        "",
        |m| m.cpu(Part::Page, "seed"),
        (1.0 / 25.0, 1.0 / 45.0),
    ),
    row(
        "resident memory under load against the seed stack",
        "",
        memory,
        (1.0 / 5.0, 1.0 / 10.0),
    ),
    row(
        "get one: throughput against PocketBase",
        "",
        |m| m.rate(Part::PlainGet, "pocketbase"),
        (5.0, 8.0),
    ),
    row(
        "list 20: throughput against PocketBase",
        "",
        |m| m.rate(Part::PlainList, "pocketbase"),
        (6.0, 10.0),
    ),
    row(
        "list 20 with the total: throughput against PocketBase",
        "",
        |m| m.rate(Part::PlainListTotal, "pocketbase"),
        (12.0, 20.0),
    ),
    row(
        "create: throughput against PocketBase",
        "",
        |m| m.rate(Part::PlainCreate, "pocketbase"),
        (6.0, 10.0),
    ),
    row(
        "PostgreSQL, get one: CPU a request against the seed stack",
        "",
        |m| m.cpu(Part::PostgresGet, "seed"),
        (1.0 / 15.0, 1.0 / 30.0),
    ),
    row(
        "PostgreSQL, list 20: CPU a request against the seed stack",
        "",
        |m| m.cpu(Part::PostgresList, "seed"),
        (1.0 / 15.0, 1.0 / 30.0),
    ),
    row(
        "PostgreSQL, durable create: throughput against the seed stack",
        "",
        |m| m.rate(Part::PostgresCreate, "seed"),
        (8.0, 16.0),
    ),
    row(
        "PostgreSQL, get one: throughput against pgbench",
        "×",
        |m| m.rate(Part::PostgresGet, stores::CEILING),
        (0.6, 0.8),
    ),
    row(
        "PostgreSQL, list 20: throughput against pgbench",
        "×",
        |m| m.rate(Part::PostgresList, stores::CEILING),
        (0.6, 0.8),
    ),
    row(
        "PostgreSQL, durable create: throughput against pgbench",
        "×",
        |m| m.rate(Part::PostgresCreate, stores::CEILING),
        (0.6, 1.0),
    ),
    row(
        "Redis, message page: CPU a request against the seed stack",
        "",
        |m| m.cpu(Part::RedisPage, "seed"),
        (1.0 / 20.0, 1.0 / 40.0),
    ),
    row(
        "edge as a plain proxy, its worst case: CPU a request against nginx",
        "×",
        |m| proxy::worst(m.proxies?, "nginx"),
        (1.0, 0.8),
    ),
    row(
        "edge as a plain proxy, its worst case: CPU a request against HAProxy",
        "×",
        |m| proxy::worst(m.proxies?, "haproxy"),
        (1.15, 0.95),
    ),
    row(
        "edge as a plain proxy, its worst case: CPU a request against Caddy",
        "×",
        |m| proxy::worst(m.proxies?, "caddy"),
        (0.35, 0.25),
    ),
    row(
        "start to ready",
        "ms",
        |m| Some(m.pendopo()?.next_start.as_secs_f64() * 1e3),
        (150.0, 50.0),
    ),
    row(
        "idle memory",
        "MB",
        |m| Some(megabytes(m.pendopo()?.idle_memory)),
        (25.0, 15.0),
    ),
    row(
        "release binary",
        "MB",
        |m| Some(megabytes(m.build?.binary_bytes)),
        (30.0, 20.0),
    ),
    row(
        "cold release build",
        "s",
        |m| Some(m.build?.cold?.as_secs_f64()),
        (480.0, 300.0),
    ),
];

impl Measured<'_> {
    fn cpu(&self, part: Part, peer: &str) -> Option<f64> {
        Some(self.sample(part, "pendopo")?.cpu_us / self.sample(part, peer)?.cpu_us)
    }

    fn rate(&self, part: Part, peer: &str) -> Option<f64> {
        Some(self.sample(part, "pendopo")?.per_second / self.sample(part, peer)?.per_second)
    }

    fn pendopo(&self) -> Option<&Contender> {
        self.contenders
            .iter()
            .find(|contender| contender.name == "pendopo")
    }

    fn sample(&self, part: Part, contender: &str) -> Option<&Sample> {
        let figures = self.figures.iter().chain(self.stores);
        figures
            .into_iter()
            .find(|figure| figure.part == part && figure.contender == contender)
            .map(|figure| &figure.sample)
    }
}

/// The most memory that either side took under the loads that both bore.
fn memory(measured: &Measured<'_>) -> Option<f64> {
    let most = |name: &str| {
        let parts = [Part::Get, Part::Page, Part::Create].into_iter();
        parts
            .filter_map(|part| Some(measured.sample(part, name)?.memory))
            .max()
    };
    Some(megabytes(most("pendopo")?) / megabytes(most("seed")?))
}
