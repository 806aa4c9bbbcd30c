//! The password for a server, read from its file each time that one is needed: it may have been changed meanwhile.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::warn;

/// Names the file, and remembers whether it was complained of.
#[derive(Debug, Default)]
pub(super) struct Password {
    file: Option<PathBuf>,
    is_told: AtomicBool,
}

impl Password {
    pub(super) fn in_file(file: Option<PathBuf>) -> Self {
        Self {
            file,
            is_told: AtomicBool::new(false),
        }
    }

    /// What the file says now, without the end of its line; none if there is no file.
    pub(super) fn read(&self) -> io::Result<Option<String>> {
        let Some(file) = &self.file else {
            return Ok(None);
        };
        let text = fs::read_to_string(file).map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("can't read {}: {error}", file.display()),
            )
        })?;
        if is_open_to_all(file) && !self.is_told.swap(true, Ordering::Relaxed) {
            warn!(file = %file.display(), "everybody on this machine can read the password: `chmod o-r` its file");
        }
        let line = text.strip_suffix('\n').unwrap_or(&text);
        Ok(Some(line.strip_suffix('\r').unwrap_or(line).to_owned()))
    }
}

/// Whether everybody on the machine may read the file.
pub fn is_open_to_all(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|found| found.permissions().mode() & 0o004 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_end_of_line_is_taken_off_and_the_file_is_read_each_time() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("password");
        let password = Password::in_file(Some(file.clone()));
        assert!(
            password
                .read()
                .unwrap_err()
                .to_string()
                .contains("can't read")
        );
        for (text, expected) in [
            ("a b\n", "a b"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            (" a", " a"),
            ("", ""),
        ] {
            fs::write(&file, text).unwrap();
            assert_eq!(password.read().unwrap().as_deref(), Some(expected));
        }
        assert_eq!(Password::default().read().unwrap(), None);
    }
}
