//! Reading an archive's bytes, and telling how many were read.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use super::{ArchiveError, Progress};

/// Parts in which files are copied.
const PART: usize = 64 * 1024;

/// The archive as it comes, with its reader's progress in bytes; all of them are not known here.
pub(super) struct Input<'a, R> {
    inner: R,
    done: u64,
    progress: Progress<'a>,
}

impl<'a, R> Input<'a, R> {
    pub(super) fn new(inner: R, progress: Progress<'a>) -> Self {
        Self {
            inner,
            done: 0,
            progress,
        }
    }
}

impl<R: Read> Read for Input<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.done += read as u64;
        (self.progress)(self.done, 0);
        Ok(read)
    }
}

/// Copies a part of the archive to a file, so that each side's failure is told as its own.
pub(super) fn copy(
    content: &mut dyn Read,
    file: &mut File,
    path: &Path,
) -> Result<(), ArchiveError> {
    let mut buffer = vec![0; PART];
    loop {
        let read = match content.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(ArchiveError::reading(error)),
        };
        file.write_all(&buffer[..read])
            .map_err(|cause| ArchiveError::file(path, cause))?;
    }
}
