//! The way from a worker thread to the log's writer: a bounded batch that the two swap.
//!
//! A note is copied into the batch, which costs no allocation once it has grown, and the writer is woken for
//! the first note of a batch only. A full batch drops notes and counts them; nobody ever waits.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Version;
use jiff::Timestamp;
use tokio::sync::Notify;
use traffic::RequestId;

/// Notes and bytes of text that one batch holds.
pub(super) const MOST_NOTES: usize = 16_384;
const MOST_TEXT: usize = 8 * 1024 * 1024;

/// Texts are cut to this length.
const MOST_BYTES: usize = 2048;

/// One request, with its texts still where they are.
pub(crate) struct Note<'a> {
    pub(crate) time: Timestamp,
    pub(crate) id: RequestId,
    pub(crate) client: IpAddr,
    pub(crate) is_secure: bool,
    pub(crate) version: Version,
    pub(crate) method: &'a [u8],
    pub(crate) host: &'a [u8],
    pub(crate) target: &'a [u8],
    pub(crate) status: u16,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    pub(crate) duration: Duration,
    pub(crate) attempts: u8,
    pub(crate) site: &'a [u8],
    pub(crate) upstream: &'a [u8],
    pub(crate) cause: &'static str,
    pub(crate) limit: &'a [u8],
    pub(crate) limit_ms: u32,
    pub(crate) agent: &'a [u8],
    pub(crate) referer: &'a [u8],
}

/// One request in a batch: its texts stand one after the other in the batch's text.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) time: Timestamp,
    pub(super) id: RequestId,
    pub(super) client: IpAddr,
    pub(super) is_secure: bool,
    pub(super) version: Version,
    pub(super) status: u16,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    pub(super) duration: Duration,
    pub(super) attempts: u8,
    pub(super) cause: &'static str,
    pub(super) limit_ms: u32,
    /// Lengths of method, host, target, agent, referer, site, upstream and limit.
    pub(super) lengths: [u16; 8],
}

/// Notes that wait for the writer.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) entries: Vec<Entry>,
    pub(super) text: Vec<u8>,
    /// Notes that found no room since the last swap.
    pub(super) dropped: u64,
}

/// Both ends of one worker's queue, and what all queues have in common.
#[derive(Debug)]
struct Shelf {
    batch: Mutex<Batch>,
    common: Arc<Common>,
}

#[derive(Debug)]
struct Common {
    bell: Notify,
    writers: AtomicUsize,
}

/// A worker's end.
#[derive(Debug)]
pub(crate) struct Queue(Arc<Shelf>);

/// The writer's end of all queues.
#[derive(Debug)]
pub(super) struct Shelves {
    shelves: Vec<Arc<Shelf>>,
    common: Arc<Common>,
}

pub(super) fn make(count: usize) -> (Vec<Queue>, Shelves) {
    let common = Arc::new(Common {
        bell: Notify::new(),
        writers: AtomicUsize::new(count),
    });
    let shelf = || {
        Arc::new(Shelf {
            batch: Mutex::default(),
            common: Arc::clone(&common),
        })
    };
    let shelves: Vec<_> = (0..count).map(|_| shelf()).collect();
    (
        shelves.iter().cloned().map(Queue).collect(),
        Shelves { shelves, common },
    )
}

impl Queue {
    pub(crate) fn push(&self, note: &Note<'_>) {
        let mut batch = self.0.batch.lock().unwrap_or_else(PoisonError::into_inner);
        let was_empty = batch.entries.is_empty() && batch.dropped == 0;
        batch.add(note);
        drop(batch);
        if was_empty {
            self.0.common.bell.notify_one();
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.0.common.writers.fetch_sub(1, Ordering::Release);
        self.0.common.bell.notify_one();
    }
}

impl Batch {
    fn add(&mut self, note: &Note<'_>) {
        if self.entries.len() >= MOST_NOTES || self.text.len() >= MOST_TEXT {
            self.dropped += 1;
            return;
        }
        let texts = [
            note.method,
            note.host,
            note.target,
            note.agent,
            note.referer,
            note.site,
            note.upstream,
            note.limit,
        ];
        let lengths = texts.map(|text| self.write(text));
        self.entries.push(Entry {
            time: note.time,
            id: note.id,
            client: note.client,
            is_secure: note.is_secure,
            version: note.version,
            status: note.status,
            bytes_in: note.bytes_in,
            bytes_out: note.bytes_out,
            duration: note.duration,
            attempts: note.attempts,
            cause: note.cause,
            limit_ms: note.limit_ms,
            lengths,
        });
    }

    #[expect(clippy::cast_possible_truncation, reason = "cut to 2,048 just before")]
    fn write(&mut self, text: &[u8]) -> u16 {
        let kept = &text[..text.len().min(MOST_BYTES)];
        self.text.extend_from_slice(kept);
        kept.len() as u16
    }

    /// Empties the batch and keeps its memory.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.text.clear();
        self.dropped = 0;
    }
}

impl Shelves {
    /// Waits for a note, or for a worker's end.
    pub(super) async fn ring(&self) {
        self.common.bell.notified().await;
    }

    /// Whether no worker is left that could note anything.
    pub(super) fn are_closed(&self) -> bool {
        self.common.writers.load(Ordering::Acquire) == 0
    }

    pub(super) fn count(&self) -> usize {
        self.shelves.len()
    }

    /// Swaps an empty batch for the full one of this worker.
    pub(super) fn swap(&self, index: usize, batch: &mut Batch) {
        let mut full = self.shelves[index]
            .batch
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut *full, batch);
    }
}
