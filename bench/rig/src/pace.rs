//! A pinned rate: each request has its moment, and its time counts from there, whether or not the one before it
//! was answered by then.

use std::io::Write;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::client::Dialer;

/// Connections that share the rate, each with a thread of its own, so that no timer wheel blurs the moments.
const CONNECTIONS: u32 = 32;

/// So much of the beginning is not counted.
const WARM_UP: Duration = Duration::from_millis(500);

/// Asks `rate` times a second; prints how many were asked and counted, and the times of a half and of 99 in 100 in
/// microseconds.
pub(crate) fn run(dialer: Dialer, path: &str, rate: u32, seconds: u64) -> Result<()> {
    let (dialer, path) = (Arc::new(dialer), Arc::<str>::from(path));
    let step = Duration::from_secs(1) * CONNECTIONS / rate;
    let begun = Instant::now() + Duration::from_millis(200);
    let until = begun + WARM_UP + Duration::from_secs(seconds);
    let work = |nth: u32| {
        let (dialer, path) = (Arc::clone(&dialer), Arc::clone(&path));
        let first = begun + step * nth / CONNECTIONS;
        std::thread::spawn(move || ask(&dialer, &path, nth, (first, step, until)))
    };
    let threads: Vec<_> = (0..CONNECTIONS).map(work).collect();
    let (mut times, mut sent) = (Vec::new(), 0);
    for thread in threads {
        let (own, all) = thread.join().expect("a thread does not panic")?;
        times.extend(own);
        sent += all;
    }
    times.sort_unstable();
    let count = times.len();
    let at = |percent: usize| {
        let time = times.get((count * percent / 100).min(count.saturating_sub(1)));
        time.map_or(0, Duration::as_micros)
    };
    writeln!(
        std::io::stdout(),
        "{{\"count\":{count},\"sent\":{sent},\"duration_us\":{},\"p50_us\":{},\"p99_us\":{}}}",
        seconds * 1_000_000,
        at(50),
        at(99)
    )?;
    Ok(())
}

fn ask(
    dialer: &Dialer,
    path: &str,
    nth: u32,
    (first, step, until): (Instant, Duration, Instant),
) -> Result<(Vec<Duration>, u32)> {
    let mut connection = dialer.connect(usize::try_from(nth)?)?;
    let (mut moment, mut times, mut sent) = (first, Vec::new(), 0);
    while moment < until {
        sleep(moment.saturating_duration_since(Instant::now()));
        connection.get(path)?;
        sent += 1;
        if moment >= first + WARM_UP {
            times.push(moment.elapsed());
        }
        moment += step;
    }
    Ok((times, sent))
}
