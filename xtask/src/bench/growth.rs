//! Growth: the same requests on a thousand people and messages, on a hundred thousand and on ten million, on both engines.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Bench;
use super::contender::{self, Contender, Kind, Started};
use super::load::Part;
use super::pendopo;
use super::round::{self, Figure};
use super::stores::{self, Cluster};
use super::wrk::{Request, Requests};

/// How many people, and messages, there are.
const SMALL: u64 = 1_000;
const MIDDLE: u64 = 100_000;
const LARGE: u64 = 10_000_000;

/// Each is a Pendopo on SQLite of its own with a folder of its own.
const ON_SQLITE: [(u64, Kind); 3] = [
    (SMALL, kind::<SMALL>("SQLite, 1 k")),
    (MIDDLE, kind::<MIDDLE>("SQLite, 100 k")),
    (LARGE, kind::<LARGE>("SQLite, 10 M")),
];

/// Each has a database of its own.
const ON_POSTGRES: [(u64, &str, &str); 3] = [
    (SMALL, "small", "PostgreSQL, 1 k"),
    (MIDDLE, "middle", "PostgreSQL, 100 k"),
    (LARGE, "large", "PostgreSQL, 10 M"),
];

/// The parts of growth, in the order of the report.
pub(crate) const PARTS: &[Part] = &[
    Part::GrowthGet,
    Part::GrowthList,
    Part::GrowthCreate,
    Part::GrowthMessages,
    Part::GrowthPost,
];

/// What was measured, and what each took on the disk when it was filled.
#[derive(Default)]
pub(crate) struct Growth {
    pub(crate) figures: Vec<Figure>,
    pub(crate) sizes: Vec<(&'static str, u64)>,
}

const fn kind<const ROWS: u64>(name: &'static str) -> Kind {
    Kind {
        name,
        start: pendopo::start::<ROWS, ROWS>,
        requests: |_, started| requests(started, ROWS),
        versions: pendopo::versions,
    }
}

/// All sizes in alternating rounds; only the small ones in a quick run.
pub(crate) fn measure(bench: &Bench) -> Result<Growth> {
    let wanted = PARTS.iter().copied().filter(|part| bench.wants(*part));
    let wanted: Vec<Part> = wanted.collect();
    if wanted.is_empty() {
        return Ok(Growth::default());
    }
    let is_taken = |rows: u64| rows == SMALL || !bench.quick;
    let cluster = Cluster::start()?;
    let (mut contenders, mut sizes) = (Vec::new(), Vec::new());
    for (rows, kind) in ON_SQLITE {
        if is_taken(rows) {
            let contender = contender::start(&kind, bench)?;
            let file = contender.started.folder.join("data/pendopo.db");
            sizes.push((kind.name, file.metadata()?.len()));
            contenders.push(contender);
        }
    }
    for (rows, database, name) in ON_POSTGRES {
        if is_taken(rows) {
            contenders.push(on_postgres(bench, &cluster, rows, (database, name))?);
            sizes.push((name, cluster.size(database)?));
        }
    }
    let mut figures = Vec::new();
    for part in wanted {
        figures.extend(round::one(bench, &contenders, part)?);
    }
    Ok(Growth { figures, sizes })
}

fn on_postgres(
    bench: &Bench,
    cluster: &Cluster,
    rows: u64,
    (database, name): (&str, &'static str),
) -> Result<Contender> {
    let started = cluster.school(bench, database, rows, rows)?;
    let requests = requests(&started, rows)?;
    Ok(stores::contender(name, started, requests))
}

fn requests(started: &Started, rows: u64) -> Result<Requests> {
    let token = pendopo::token(started)?;
    let get = |path: &str| {
        Ok::<_, anyhow::Error>(Request::get(started.secure_url(path)?).with_token(&token))
    };
    let deep = (rows / 2).min(DEEPEST_OFFSET);
    let people = page_after(started, &token, &format!("/users?limit=20&offset={deep}"))?;
    let messages = page_after(started, &token, "/messages?limit=20")?;
    let person = json!({"first_name": "Siti", "last_name": "Rahma"});
    let message = json!({"message": "Selamat pagi!", "name": "Budi"});
    Ok(vec![
        (Part::GrowthGet, get("/user/1")?.at_random("/user/", rows)),
        (
            Part::GrowthList,
            get(&format!("/users?limit=20&cursor={people}"))?,
        ),
        (Part::GrowthCreate, get("/user")?.posting(&person)),
        (
            Part::GrowthMessages,
            get(&format!("/messages?limit=20&cursor={messages}"))?,
        ),
        (Part::GrowthPost, get("/messages")?.posting(&message)),
    ])
}

/// Offsets end there, since their cost grows; cursors do not.
const DEEPEST_OFFSET: u64 = 100_000;

/// The signed cursor of the page after this one.
fn page_after(started: &Started, token: &str, path: &str) -> Result<String> {
    let mut client = started.client()?;
    client.authorize(&format!("Bearer {token}"));
    let answer = client.get(path)?;
    let page: Value = serde_json::from_slice(&answer.body).context("a list is no JSON")?;
    let cursor = page["next"].as_str();
    let cursor = cursor.with_context(|| format!("a page names no next one: {page}"))?;
    Ok(cursor.to_owned())
}
