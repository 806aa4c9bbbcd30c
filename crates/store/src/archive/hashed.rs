//! Files on their way into an archive or out of it, digested as they pass.

use std::io::{self, Read};

use school::secret::hex;
use sha2::{Digest as _, Sha256};

use super::FilePart;

pub(super) struct Hashed<R> {
    inner: R,
    sha256: Sha256,
    size: u64,
}

impl<R: Read> Hashed<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            sha256: Sha256::new(),
            size: 0,
        }
    }

    /// What has passed.
    pub(super) fn part(self, name: &str) -> FilePart {
        FilePart {
            name: name.to_owned(),
            size: self.size,
            sha256: hex(&self.sha256.finalize()),
        }
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.sha256.update(&buffer[..read]);
        self.size += read as u64;
        Ok(read)
    }
}

/// A text that is kept like a file.
pub(super) fn part(name: &str, content: &[u8]) -> FilePart {
    FilePart {
        name: name.to_owned(),
        size: content.len() as u64,
        sha256: hex(&Sha256::digest(content)),
    }
}
