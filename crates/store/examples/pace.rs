//! How fast SQLite keeps people on this machine: `cargo run --release -p store --example pace [DIRECTORY] [SECONDS]`.
//!
//! Each create is durable and audited before it counts; reads run inline on the thread that asks, as the server's do.

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use school::actor::Actor;
use school::page::{Limit, Start};
use school::people::{PeopleQuery, PersonInput, create};
use school::{Repeat, Stores, Timestamp};
use store::sqlite::{Options, open};
use tokio::runtime::Builder;
use tokio::task::JoinSet;

/// How often each read is done.
const READS: u32 = 200_000;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Every client works until then.
#[derive(Clone)]
struct Race {
    stores: Stores,
    until: Instant,
    next: Arc<AtomicI64>,
    with_key: bool,
}

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().map(PathBuf::from);
    let seconds: u64 = arguments.next().map_or(Ok(3), |text| text.parse())?;
    let scratch = tempfile::tempdir_in(directory.unwrap_or_else(std::env::temp_dir))?;
    let opened = open(&scratch.path().join("pace.db"), &Options::default())?;
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let next = Arc::new(AtomicI64::new(0));
    for (clients, with_key) in [
        (1, false),
        (8, false),
        (64, false),
        (256, false),
        (64, true),
    ] {
        let race = Race {
            stores: opened.stores.clone(),
            until: Instant::now() + Duration::from_secs(seconds),
            next: next.clone(),
            with_key,
        };
        runtime.block_on(creates(race, clients))?;
    }
    let current = Builder::new_current_thread().enable_all().build()?;
    current.block_on(reads(&opened.stores))?;
    writeln!(stdout(), "{:?}", opened.status())?;
    let closing = Instant::now();
    opened.close();
    writeln!(stdout(), "closed in {:?}", closing.elapsed())?;
    Ok(())
}

async fn creates(race: Race, clients: usize) -> Result<(), Failure> {
    let (start, idle) = (Instant::now(), used()?);
    let with_key = race.with_key;
    let mut tasks: JoinSet<_> = (0..clients).map(|_| work(race.clone())).collect();
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.extend(done??);
    }
    let count = u32::try_from(times.len())?;
    let each = start.elapsed().as_secs_f64() / f64::from(count);
    let processor = used()?.saturating_sub(idle) / count;
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 1000];
    let key = if with_key { " with a key" } else { "" };
    writeln!(
        stdout(),
        "creates{key}, {clients} clients: {:.0}/s, processor {processor:?}, p50 {:?}, p99 {:?}, p99.9 {:?}",
        1.0 / each,
        at(500),
        at(990),
        at(999)
    )?;
    Ok(())
}

async fn work(race: Race) -> Result<Vec<Duration>, Failure> {
    let mut times = Vec::new();
    loop {
        let start = Instant::now();
        if start >= race.until {
            return Ok(times);
        }
        let number = race.next.fetch_add(1, Ordering::Relaxed);
        let input = PersonInput {
            first_name: format!("Murid {number}"),
            last_name: "Wijayakusuma".to_owned(),
            email: Some(format!("murid.{number}@sekolah.example")),
            ..PersonInput::default()
        };
        let at = Timestamp(1_795_176_000_000_000 + number);
        let person = input.check().map_err(|errors| errors.to_string())?;
        let key = race
            .with_key
            .then(|| Repeat::new("anyone".to_owned(), &number.to_string(), &[], at));
        create(&race.stores, &Actor::console(), person, key.flatten(), at).await?;
        times.push(start.elapsed());
    }
}

async fn reads(stores: &Stores) -> Result<(), Failure> {
    let first = stores.people.list(&page(Start::Offset(0), 1)?).await?;
    let mut row = Stride {
        people: i64::try_from(first.total.unwrap_or(0))?,
        id: 0,
    };
    let start = Instant::now();
    for _ in 0..READS {
        stores.people.find(row.next()).await?;
    }
    tell("find by id", start.elapsed() / READS)?;
    for rows in [10, 50, 200] {
        let start = Instant::now();
        for _ in 0..READS / 20 {
            let query = page(Start::After(row.next()), rows)?;
            stores.people.list(&query).await?;
        }
        tell(&format!("page of {rows}"), start.elapsed() / (READS / 20))?;
    }
    for skipped in [1_000, 2_000, 100_000] {
        let start = Instant::now();
        stores
            .people
            .list(&page(Start::Offset(skipped), 10)?)
            .await?;
        tell(&format!("page of 10 at offset {skipped}"), start.elapsed())?;
    }
    let start = Instant::now();
    let mut search = page(Start::Offset(0), 10)?;
    search.search = Some("nobody".to_owned());
    stores.people.list(&search).await?;
    tell(&format!("search through {}", row.people), start.elapsed())
}

/// Meets every row, in no order.
struct Stride {
    people: i64,
    id: i64,
}

impl Stride {
    fn next(&mut self) -> i64 {
        self.id = (self.id + 7_919) % self.people;
        self.id + 1
    }
}

fn tell(what: &str, time: Duration) -> Result<(), Failure> {
    Ok(writeln!(stdout(), "{what}: {time:?}")?)
}

/// The processor time that the whole process has used.
fn used() -> Result<Duration, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    // The kernel shows hundredths of a second.
    Ok(Duration::from_millis(ticks * 10))
}

fn page(start: Start, rows: u64) -> Result<PeopleQuery, Failure> {
    let limit = Limit::new(rows).ok_or("a page has 1 to 200 rows")?;
    Ok(PeopleQuery {
        search: None,
        start,
        limit,
    })
}
