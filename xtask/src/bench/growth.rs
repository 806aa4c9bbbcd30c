//! Growth: the same requests on 1 thousand, 100 thousand and 5 million people.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Bench;
use super::contender::{self, Contender, Kind, Started};
use super::load::Part;
use super::pendopo;
use super::round::{self, Figure};
use super::wrk::{Request, Requests};

/// The sizes; each is a Pendopo of its own with a folder of its own.
const SIZES: &[(u64, Kind)] = &[
    (1_000, kind::<1_000>("1 k")),
    (100_000, kind::<100_000>("100 k")),
    (5_000_000, kind::<5_000_000>("5 M")),
];

/// The parts of growth, in the order of the report.
pub(crate) const PARTS: &[Part] = &[Part::GrowthGet, Part::GrowthList, Part::GrowthCreate];

const fn kind<const ROWS: u64>(name: &'static str) -> Kind {
    Kind {
        name,
        start: pendopo::start::<ROWS>,
        requests: requests::<ROWS>,
        versions: pendopo::versions,
    }
}

/// All sizes in alternating rounds; the largest is left out of a quick run.
pub(crate) fn figures(bench: &Bench) -> Result<Vec<Figure>> {
    let wanted: Vec<Part> = PARTS
        .iter()
        .copied()
        .filter(|part| bench.wants(*part))
        .collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let sizes = SIZES
        .iter()
        .filter(|(rows, _)| !bench.quick || *rows <= 100_000);
    let contenders: Vec<Contender> = sizes
        .map(|(_, kind)| contender::start(kind, bench))
        .collect::<Result<_>>()?;
    let figures = wanted
        .into_iter()
        .map(|part| round::one(bench, &contenders, part));
    Ok(figures
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .flatten()
        .collect())
}

fn requests<const ROWS: u64>(_: &Bench, started: &Started) -> Result<Requests> {
    let token = pendopo::token(started)?;
    let page = deep_page(started, &token, ROWS)?;
    let get = |path: &str| {
        Ok::<_, anyhow::Error>(Request::get(started.secure_url(path)?).with_token(&token))
    };
    let person = json!({"first_name": "Siti", "last_name": "Rahma"});
    Ok(vec![
        (Part::GrowthGet, get("/user/1")?.at_random("/user/", ROWS)),
        (Part::GrowthList, get(&page)?),
        (Part::GrowthCreate, get("/user")?.posting(&person)),
    ])
}

/// Offsets end there, since their cost grows; cursors do not.
const DEEPEST_OFFSET: u64 = 100_000;

/// The page after one deep in the table, by its signed cursor.
fn deep_page(started: &Started, token: &str, rows: u64) -> Result<String> {
    let mut client = started.client()?;
    client.authorize(&format!("Bearer {token}"));
    let answer = client.get(&format!(
        "/users?limit=20&offset={}",
        (rows / 2).min(DEEPEST_OFFSET)
    ))?;
    let page: Value = serde_json::from_slice(&answer.body).context("a list is no JSON")?;
    let cursor = page["next"]
        .as_str()
        .with_context(|| format!("a page names no next one: {page}"))?;
    Ok(format!("/users?limit=20&cursor={cursor}"))
}
