//! Which run of the edge writes: a number in a small file, raised by one at each start.

use std::io;
use std::path::Path;

use crate::files;

/// Raises the number on disk and returns it. It is never given twice, also when the process is killed at once.
pub(super) fn raise(directory: &Path) -> io::Result<u64> {
    let path = directory.join("access.gen");
    let before = match files::read(&path)? {
        None => 0,
        Some(content) => parse(&content).ok_or_else(|| {
            let text = format!(
                "{} holds no number: remove it, and the count begins anew",
                path.display()
            );
            io::Error::new(io::ErrorKind::InvalidData, text)
        })?,
    };
    files::replace(&path, format!("{}\n", before + 1).as_bytes(), 0o640)?;
    Ok(before + 1)
}

fn parse(content: &[u8]) -> Option<u64> {
    std::str::from_utf8(content).ok()?.trim_ascii().parse().ok()
}
