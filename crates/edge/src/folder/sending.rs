//! A file's bytes on their way to the client.

use std::collections::VecDeque;
use std::io::IoSliceMut;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use rustix::io::{Errno, ReadWriteFlags, pread, preadv2, retry_on_intr};
use tokio::task::JoinHandle;

use super::opened::Opened;
use crate::content::BoxError;
use crate::error::{self, Broken};

/// Read at a time: what a slow client makes us hold, and as long as other requests of this thread wait.
const CHUNK: u64 = 64 * 1024;

/// What is sent one after the other.
#[derive(Debug)]
pub(super) enum Piece {
    Text(Bytes),
    Part(Range<u64>),
}

/// An answer's body out of one file.
pub(super) struct Sending {
    opened: Arc<Opened>,
    part: Range<u64>,
    rest: VecDeque<Piece>,
    /// Bytes in all that are still to be sent.
    left: u64,
    /// What was sent last. Its memory takes the next bytes, once nobody else has it.
    spent: Bytes,
    /// A read for which the disk must be waited for.
    reading: Option<JoinHandle<Result<Bytes, Errno>>>,
}

impl Sending {
    /// One range.
    pub(super) fn part(opened: Opened, part: Range<u64>) -> Self {
        Self {
            opened: Arc::new(opened),
            left: part.end - part.start,
            part,
            rest: VecDeque::new(),
            spent: Bytes::new(),
            reading: None,
        }
    }

    /// Several pieces.
    pub(super) fn pieces(opened: Opened, rest: VecDeque<Piece>) -> Self {
        let lengths = rest.iter().map(|piece| match piece {
            Piece::Text(text) => text.len() as u64,
            Piece::Part(part) => part.end - part.start,
        });
        Self {
            opened: Arc::new(opened),
            left: lengths.sum(),
            part: 0..0,
            rest,
            spent: Bytes::new(),
            reading: None,
        }
    }

    /// Bytes in all.
    pub(super) fn length(&self) -> u64 {
        self.left
    }

    /// A text that comes next, unless the file does.
    fn next_text(&mut self) -> Option<Bytes> {
        if !self.part.is_empty() {
            return None;
        }
        match self.rest.pop_front()? {
            Piece::Text(text) => Some(text),
            Piece::Part(part) => {
                self.part = part;
                None
            }
        }
    }

    /// The next bytes: at once if the kernel has them in memory, else from a thread that may wait for the disk.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, Errno>> {
        if self.reading.is_none() {
            let (at, most) = (
                self.part.start,
                (self.part.end - self.part.start).min(CHUNK),
            );
            let mut buffer = buffer(std::mem::take(&mut self.spent), most);
            match read_at_once(&self.opened, at, &mut buffer) {
                Err(Errno::AGAIN) => {}
                outcome => return Poll::Ready(outcome.map(|count| filled(buffer, count))),
            }
            let opened = Arc::clone(&self.opened);
            let read = move || read_patiently(&opened, at, buffer);
            self.reading = Some(tokio::task::spawn_blocking(read));
        }
        let Some(reading) = &mut self.reading else {
            return Poll::Pending;
        };
        let outcome = ready!(Pin::new(reading).poll(cx));
        self.reading = None;
        Poll::Ready(outcome.unwrap_or(Err(Errno::IO)))
    }

    fn take(&mut self, read: Result<Bytes, Errno>) -> Result<Frame<Bytes>, BoxError> {
        let bytes = read.map_err(|errno| {
            tracing::error!(error = %errno, "a file that is being sent can't be read");
            Broken(&error::FILE_UNREADABLE)
        })?;
        // What was read counts only if nobody wrote meanwhile; nothing where something should be was cut off.
        if bytes.is_empty() || !self.opened.is_unchanged() {
            return Err(Broken(&error::FILE_CHANGED).into());
        }
        self.part.start += bytes.len() as u64;
        self.left -= bytes.len() as u64;
        self.spent = bytes.clone();
        Ok(Frame::data(bytes))
    }
}

/// Fails with `EAGAIN` when the disk would have to be waited for. Some file systems can't tell, overlays among them:
/// there the read may wait, as every read of other servers does.
fn read_at_once(opened: &Opened, at: u64, buffer: &mut BytesMut) -> Result<usize, Errno> {
    let read = retry_on_intr(|| {
        let slice = IoSliceMut::new(buffer);
        preadv2(&opened.file, &mut [slice], at, ReadWriteFlags::NOWAIT)
    });
    match read {
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => {
            retry_on_intr(|| pread(&opened.file, &mut buffer[..], at))
        }
        read => read,
    }
}

fn read_patiently(opened: &Opened, at: u64, mut buffer: BytesMut) -> Result<Bytes, Errno> {
    let count = retry_on_intr(|| pread(&opened.file, &mut buffer[..], at))?;
    Ok(filled(buffer, count))
}

/// Room for so many bytes; in what was sent before, if it is free: clearing new memory is a twentieth of a large answer.
fn buffer(spent: Bytes, most: u64) -> BytesMut {
    // `most` is at most a chunk.
    let most = usize::try_from(most).unwrap_or(0);
    match spent.try_into_mut() {
        Ok(mut free) if free.len() >= most => {
            free.truncate(most);
            free
        }
        _ => BytesMut::zeroed(most),
    }
}

fn filled(mut buffer: BytesMut, count: usize) -> Bytes {
    buffer.truncate(count);
    buffer.freeze()
}

impl http_body::Body for Sending {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(text) = self.next_text() {
            self.left -= text.len() as u64;
            return Poll::Ready(Some(Ok(Frame::data(text))));
        }
        if self.part.is_empty() {
            return Poll::Ready(None);
        }
        let read = ready!(self.poll_read(cx));
        Poll::Ready(Some(self.take(read)))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
