//! One answer's encoder, whichever coding it makes.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::codings::Coding;

/// Levels are capped at what 100 kB are worth (JSON and prose, on a core of 2024): zstd 3 makes them 11.6 and 2.1
/// times smaller in 0.4-0.6 ms, brotli 3 12.2 and 2.1 times in 1.1-1.2 ms, gzip 4 11.2 and 2.2 times in 0.8-2.8 ms.
/// The next levels that gain a tenth (zstd 5, brotli 5, gzip 6) take two to four times as long.
const ZSTD_LEVEL: i32 = 3;
const BROTLI_LEVEL: u32 = 3;
const GZIP_LEVEL: u32 = 4;

/// How far back zstd and brotli look, as a power of two: 256 KiB, which bounds their memory (1.1 MB for brotli).
const WINDOW: u32 = 18;

/// Compressed bytes gather in it until they are taken.
pub(super) enum Encoder {
    Brotli(Box<brotli::CompressorWriter<Vec<u8>>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
    Gzip(GzEncoder<Vec<u8>>),
}

impl Encoder {
    /// For a body of this length, where it is known.
    pub(super) fn new(coding: Coding, length: Option<u64>) -> io::Result<Self> {
        Ok(match coding {
            Coding::Brotli => {
                let writer = brotli::CompressorWriter::new(Vec::new(), 4096, BROTLI_LEVEL, WINDOW);
                Self::Brotli(Box::new(writer))
            }
            Coding::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
                encoder.window_log(WINDOW)?;
                // Tables of the right size are faster made.
                encoder.set_pledged_src_size(length)?;
                Self::Zstd(encoder)
            }
            Coding::Gzip => Self::Gzip(GzEncoder::new(Vec::new(), Compression::new(GZIP_LEVEL))),
        })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Brotli(writer) => writer.write_all(bytes),
            Self::Zstd(writer) => writer.write_all(bytes),
            Self::Gzip(writer) => writer.write_all(bytes),
        }
    }

    /// Makes all that was written come out.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Brotli(writer) => writer.flush(),
            Self::Zstd(writer) => writer.flush(),
            Self::Gzip(writer) => writer.flush(),
        }
    }

    /// What has come out so far, if it is at least so much; nothing else.
    pub(super) fn take(&mut self, least: usize) -> Bytes {
        let gathered = match self {
            Self::Brotli(writer) => writer.get_mut(),
            Self::Zstd(writer) => writer.get_mut(),
            Self::Gzip(writer) => writer.get_mut(),
        };
        if gathered.len() < least {
            return Bytes::new();
        }
        Bytes::from(std::mem::take(gathered))
    }

    /// The end, after which nothing comes.
    pub(super) fn finish(self) -> io::Result<Bytes> {
        match self {
            Self::Brotli(writer) => Ok(writer.into_inner()),
            Self::Zstd(writer) => writer.finish(),
            Self::Gzip(writer) => writer.finish(),
        }
        .map(Bytes::from)
    }
}
