//! What goes back over the control socket: lines of JSON, and descriptors beside one.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use serde::Serialize;
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::time::timeout;

use super::{Reply, descriptors};

/// How long a question may take to be written, and an answer to be read.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// The way back to whoever asked.
pub(super) struct Voice(OwnedWriteHalf);

impl Voice {
    pub(super) fn new(writing: OwnedWriteHalf) -> Self {
        Self(writing)
    }

    pub(super) async fn say(&mut self, text: impl Into<String>) -> io::Result<()> {
        self.tell(&Reply::Progress(text.into())).await
    }

    /// Hands descriptors over beside a line.
    pub(super) async fn hand(
        &mut self,
        what: &impl Serialize,
        all: &[BorrowedFd<'_>],
    ) -> io::Result<()> {
        let mut line = serde_json::to_vec(what)?;
        line.push(b'\n');
        let stream: &UnixStream = self.0.as_ref();
        timeout(PATIENCE, stream.writable()).await??;
        stream.try_io(Interest::WRITABLE, || descriptors::send(stream, &line, all))
    }

    pub(super) async fn tell(&mut self, reply: &Reply) -> io::Result<()> {
        let mut line = serde_json::to_vec(reply)?;
        line.push(b'\n');
        timeout(PATIENCE, self.0.write_all(&line)).await?
    }
}
