//! Handshakes: each request on a connection of its own, again and again.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::client::Dialer;

/// Connections opened at the same time.
const THREADS: usize = 8;

/// Opens connections for some seconds; prints how many, and in how many microseconds.
pub(crate) fn run(dialer: Dialer, path: &str, seconds: u64) -> Result<()> {
    let (dialer, path) = (Arc::new(dialer), Arc::<str>::from(path));
    let begun = Instant::now();
    let until = begun + Duration::from_secs(seconds);
    let work = |thread| {
        let (dialer, path) = (Arc::clone(&dialer), Arc::clone(&path));
        std::thread::spawn(move || shake(&dialer, &path, thread, until))
    };
    let threads: Vec<_> = (0..THREADS).map(work).collect();
    let mut count = 0;
    for thread in threads {
        count += thread.join().expect("a thread does not panic")?;
    }
    let elapsed = begun.elapsed().as_micros();
    writeln!(
        std::io::stdout(),
        "{{\"count\":{count},\"duration_us\":{elapsed}}}"
    )?;
    Ok(())
}

fn shake(dialer: &Dialer, path: &str, thread: usize, until: Instant) -> Result<usize> {
    let mut count = 0;
    while Instant::now() < until {
        dialer.connect(thread + count)?.get(path)?;
        count += 1;
    }
    Ok(count)
}
