//! Churn: connections opened and closed until there have been so many, a request on each.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use anyhow::Result;

use crate::client::Dialer;

/// Connections opened at the same time.
const THREADS: usize = 8;

/// Returns once the last one is closed; the first that fails ends it.
pub(crate) fn run(dialer: &Dialer, path: &str, count: usize) -> Result<()> {
    let begun = AtomicUsize::new(0);
    let work = || -> Result<()> {
        loop {
            let nth = begun.fetch_add(1, Relaxed);
            if nth >= count {
                return Ok(());
            }
            dialer.connect(nth)?.get(path)?;
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        let mut ends = threads
            .into_iter()
            .map(|thread| thread.join().expect("a thread does not panic"));
        ends.try_for_each(|end| end)
    })
}
