//! The log's writer: swaps batches with the workers, formats lines, appends them.

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Duration;

use http::Version;
use jiff::Timestamp;
use lifecycle::Shutdown;
use lifecycle::shutdown::DRAIN_DEADLINE;
use traffic::{Line, Record, Texts};

use super::clock::Clock;
use super::counts::LogMetrics;
use super::file::LogFile;
use super::mask;
use super::queue::{Batch, Entry, Shelves};
use crate::authority;
use crate::headers;

/// How long notes gather before they are written: one write for many requests, and a log that follows at once.
const GATHER: Duration = Duration::from_millis(50);

/// The pause after a failed write.
const RETRY: Duration = Duration::from_secs(1);

/// Written by one thread.
pub(crate) struct Writer {
    file: LogFile,
    shelves: Shelves,
    clock: Clock,
    batch: Batch,
    generation: u64,
    seq: u64,
    /// Notes lost since the last line.
    dropped: u64,
    /// Lines not yet in the file; the first may be there in part.
    pending: Vec<u8>,
    written: usize,
    is_failing: bool,
    counts: LogMetrics,
}

impl Writer {
    pub(super) fn new(
        file: LogFile,
        generation: u64,
        shelves: Shelves,
        counts: &LogMetrics,
    ) -> Self {
        Self {
            file,
            shelves,
            clock: Clock::default(),
            batch: Batch::default(),
            generation,
            seq: 0,
            dropped: 0,
            pending: Vec::new(),
            written: 0,
            is_failing: false,
            counts: counts.clone(),
        }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.file.path()
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// Writes until every worker has ended and nothing is left.
    pub(crate) async fn run(mut self, mut shutdown: Shutdown) -> Result<(), String> {
        while !self.shelves.are_closed() {
            tokio::select! {
                () = self.shelves.ring() => {}
                () = tokio::time::sleep(RETRY), if self.is_failing => {}
                () = overstayed(&mut shutdown) => break,
            }
            if !self.shelves.are_closed() {
                tokio::time::sleep(self.pause()).await;
            }
            self.write();
        }
        self.write();
        if self.is_failing {
            tracing::error!("the access log's last lines could not be written");
        }
        self.file
            .close()
            .map_err(|error| format!("the access log could not be forced to disk: {error}"))
    }

    fn pause(&self) -> Duration {
        if self.is_failing { RETRY } else { GATHER }
    }

    fn write(&mut self) {
        match self.flush().and_then(|()| self.collect()) {
            Ok(()) if self.is_failing => {
                self.is_failing = false;
                tracing::info!("the access log is written again");
            }
            Ok(()) => {}
            Err(error) => self.fails(&error),
        }
    }

    /// Said once; the lines wait, and so do notes until their queues are full.
    fn fails(&mut self, error: &std::io::Error) {
        self.counts.errors.inc();
        if !self.is_failing {
            self.is_failing = true;
            tracing::error!(%error, "the access log can't be written; requests are served, and it is tried again each second");
        }
    }

    fn collect(&mut self) -> std::io::Result<()> {
        for index in 0..self.shelves.count() {
            let mut batch = std::mem::take(&mut self.batch);
            self.shelves.swap(index, &mut batch);
            self.format(&batch);
            batch.clear();
            self.batch = batch;
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        if self.written == 0 && !self.pending.is_empty() {
            self.file.turn(Timestamp::now())?;
        }
        while self.written < self.pending.len() {
            self.written += self.file.write(&self.pending[self.written..])?;
        }
        self.pending.clear();
        self.written = 0;
        Ok(())
    }

    fn format(&mut self, batch: &Batch) {
        let mut text = batch.text.as_slice();
        for entry in &batch.entries {
            let (own, rest) = text.split_at(
                entry
                    .lengths
                    .iter()
                    .map(|length| usize::from(*length))
                    .sum(),
            );
            text = rest;
            if !is_tunnel(entry, own) {
                self.counts.duration.observe(entry.duration.as_secs_f64());
            }
            self.line(entry, own);
        }
        // A batch drops only once it is full, so that what it dropped came after its last entry.
        self.dropped += batch.dropped;
        self.counts.dropped.inc_by(batch.dropped);
    }

    fn line(&mut self, entry: &Entry, text: &[u8]) {
        let (seq, dropped) = (self.seq + 1, self.dropped);
        let id = headers::id_text(entry.id);
        let texts = [
            self.clock.text(entry.time),
            std::str::from_utf8(&id).unwrap_or_default(),
        ];
        let line = Line {
            generation: self.generation,
            seq,
            dropped,
            record: record(entry, texts, text),
        };
        // What the clients sent is one text here; all else is ours, and plain.
        line.write(Texts::of(text), &mut self.pending);
        self.seq = seq;
        self.dropped = 0;
    }
}

/// The process is ending, or the drain has lasted longer than any worker may take.
async fn overstayed(shutdown: &mut Shutdown) {
    shutdown.draining().await;
    tokio::select! {
        () = tokio::time::sleep(DRAIN_DEADLINE + RETRY) => {}
        () = async { shutdown.ending().await; tokio::time::sleep(RETRY).await } => {}
    }
}

/// A tunnel lasts as long as its ends like, which tells nothing of how fast requests are answered.
fn is_tunnel(entry: &Entry, text: &[u8]) -> bool {
    entry.status == 101 || text.starts_with(b"CONNECT")
}

fn record<'a>(entry: &Entry, [time, id]: [&'a str; 2], text: &'a [u8]) -> Record<'a> {
    // All texts at once are nearly always good, which one look at them tells.
    let (whole, mut end) = (std::str::from_utf8(text).ok(), 0);
    let [method, host, target, agent, referer, site, upstream, limit] =
        entry.lengths.map(|length| {
            let place = end..end + usize::from(length);
            end = place.end;
            match whole.and_then(|whole| whole.get(place.clone())) {
                Some(own) => Cow::Borrowed(own),
                None => String::from_utf8_lossy(&text[place]),
            }
        });
    Record {
        time: time.into(),
        id: id.into(),
        client: entry.client,
        scheme: if entry.is_secure { "https" } else { "http" }.into(),
        protocol: protocol(entry.version).into(),
        method,
        host: without_port(host),
        target: masked(target),
        status: entry.status,
        bytes_in: entry.bytes_in,
        bytes_out: entry.bytes_out,
        duration_us: u64::try_from(entry.duration.as_micros()).unwrap_or(u64::MAX),
        site,
        upstream,
        attempts: entry.attempts,
        cause: entry.cause.into(),
        limit,
        limit_ms: entry.limit_ms,
        agent,
        referer: masked(referer),
    }
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2.0",
        _ => "HTTP/1.1",
    }
}

fn masked(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => mask::target(text),
        Cow::Owned(text) => Cow::Owned(mask::target(&text).into_owned()),
    }
}

fn without_port(host: Cow<'_, str>) -> Cow<'_, str> {
    match host {
        Cow::Borrowed(host) => Cow::Borrowed(authority::without_port(host)),
        Cow::Owned(host) => Cow::Owned(authority::without_port(&host).to_owned()),
    }
}
