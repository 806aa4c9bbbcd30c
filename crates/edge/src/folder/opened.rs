//! A file that was found: open, and known by its state at that time.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use http::HeaderValue;
use rustix::fs::{FileType, Stat, fstat};
use rustix::io::Errno;

use super::media;
use super::root::{Patience, Root};
use crate::codings::{Coding, Codings};
use crate::media_type;

/// A regular file.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) length: u64,
    /// In seconds of Unix time; 0 before 1970.
    pub(super) modified: u64,
    pub(super) tag: HeaderValue,
    pub(super) media: &'static str,
    /// What its bytes are coded with, where it stands for another file.
    pub(super) coding: Option<Coding>,
    stamp: Stamp,
}

/// What changes when the content does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    length: u64,
    seconds: i64,
    nanoseconds: u64,
}

/// What has a name.
#[derive(Debug)]
pub(super) enum Found {
    File(Opened),
    Directory,
}

/// Looks for the file, and for one beside it that holds the same in a coding that the client takes: `app.js.br`
/// beside `app.js`. One that is older than the file itself was forgotten, and does not count.
pub(super) fn find(
    root: &Root,
    directory: &OwnedFd,
    path: &Path,
    codings: Codings,
    patience: Patience,
) -> Result<Found, Errno> {
    let media = media::of(path.as_os_str().as_encoded_bytes());
    let open = |path: &Path, coding| {
        let file = root.open(directory, path, patience)?;
        examined(file, media, coding)
    };
    let plain = match open(path, None)? {
        Found::File(plain) => plain,
        Found::Directory => return Ok(Found::Directory),
    };
    if !media_type::is_text(media.as_bytes()) {
        return Ok(Found::File(plain));
    }
    for coding in codings.in_order(Coding::ALL) {
        match open(&beside(path, coding), Some(coding)) {
            Ok(Found::File(coded)) if coded.modified >= plain.modified => {
                return Ok(Found::File(coded));
            }
            Err(Errno::AGAIN) if patience == Patience::None => return Err(Errno::AGAIN),
            _ => {}
        }
    }
    Ok(Found::File(plain))
}

fn beside(path: &Path, coding: Coding) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(coding.ending());
    PathBuf::from(name)
}

fn examined(file: File, media: &'static str, coding: Option<Coding>) -> Result<Found, Errno> {
    let stat = fstat(&file)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => {}
        FileType::Directory => return Ok(Found::Directory),
        // A fifo, a device or a socket.
        _ => return Err(Errno::ACCESS),
    }
    let stamp = Stamp::of(&stat);
    Ok(Found::File(Opened {
        file,
        length: stamp.length,
        modified: u64::try_from(stamp.seconds).unwrap_or(0),
        tag: tag(&stat, stamp, coding)?,
        media,
        coding,
        stamp,
    }))
}

impl Stamp {
    fn of(stat: &Stat) -> Self {
        Self {
            length: u64::try_from(stat.st_size).unwrap_or(0),
            seconds: stat.st_mtime,
            nanoseconds: stat.st_mtime_nsec,
        }
    }
}

/// A strong entity tag. The time of writing alone would not do, since tools set it back: the time of the last change
/// to the file's entry can't be set.
fn tag(stat: &Stat, stamp: Stamp, coding: Option<Coding>) -> Result<HeaderValue, Errno> {
    let (dash, coding) = coding.map_or(("", ""), |coding| ("-", coding.name()));
    let text = format!(
        "\"{:x}-{:x}.{:x}-{:x}.{:x}{dash}{coding}\"",
        stamp.length, stamp.seconds, stamp.nanoseconds, stat.st_ctime, stat.st_ctime_nsec
    );
    HeaderValue::try_from(text).map_err(|_| Errno::INVAL)
}

impl Opened {
    /// Whether the client's codings decide what it gets.
    pub(super) fn is_text(&self) -> bool {
        media_type::is_text(self.media.as_bytes())
    }

    /// Whether nobody wrote to the file since it was opened. Another file that took its name meanwhile is no change.
    pub(super) fn is_unchanged(&self) -> bool {
        fstat(&self.file).is_ok_and(|stat| Stamp::of(&stat) == self.stamp)
    }

    /// When it was written last, as a header.
    pub(super) fn last_modified(&self) -> Option<HeaderValue> {
        let time = UNIX_EPOCH.checked_add(Duration::from_secs(self.modified))?;
        HeaderValue::try_from(httpdate::fmt_http_date(time)).ok()
    }
}
