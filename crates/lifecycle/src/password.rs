//! A password for a store: as it stands, or in a file that is read each time that one is needed, as it may have changed.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use secrecy::SecretString;
use tracing::warn;

/// Where a password comes from; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Password {
    source: Source,
    /// Whether it was told that everybody can read the file.
    is_told: Arc<AtomicBool>,
}

#[derive(Debug, Clone, Default)]
enum Source {
    #[default]
    Nowhere,
    Plain(SecretString),
    File(PathBuf),
}

impl Password {
    /// The password itself.
    pub fn plain(secret: SecretString) -> Self {
        Self::from(Source::Plain(secret))
    }

    /// What stands in this file, without one end of line.
    pub fn in_file(file: PathBuf) -> Self {
        Self::from(Source::File(file))
    }

    fn from(source: Source) -> Self {
        Self {
            source,
            is_told: Arc::default(),
        }
    }

    /// Whether there is one.
    pub fn is_given(&self) -> bool {
        !matches!(self.source, Source::Nowhere)
    }

    /// The file that holds it, if one does.
    pub fn file(&self) -> Option<&Path> {
        match &self.source {
            Source::File(file) => Some(file),
            Source::Nowhere | Source::Plain(_) => None,
        }
    }

    /// The password as it is now; none if there is none.
    pub fn read(&self) -> io::Result<Option<SecretString>> {
        let file = match &self.source {
            Source::Nowhere => return Ok(None),
            Source::Plain(secret) => return Ok(Some(secret.clone())),
            Source::File(file) => file,
        };
        let text = fs::read_to_string(file).map_err(|error| {
            let told = format!("can't read {}: {error}", file.display());
            io::Error::new(error.kind(), told)
        })?;
        if is_open_to_all(file) && !self.is_told.swap(true, Ordering::Relaxed) {
            warn!(file = %file.display(), "everybody on this machine can read the password: `chmod o-r` its file");
        }
        Ok(Some(SecretString::from(without_end_of_line(&text))))
    }
}

/// The text without one end of line: editors and `echo` put one there, and no password is meant to have it.
pub fn without_end_of_line(text: &str) -> &str {
    let line = text.strip_suffix('\n').unwrap_or(text);
    line.strip_suffix('\r').unwrap_or(line)
}

/// Whether everybody on the machine may read the file.
pub fn is_open_to_all(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|found| found.permissions().mode() & 0o004 != 0)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn said(password: &Password) -> Option<String> {
        let read = password.read().unwrap();
        read.map(|secret| secret.expose_secret().to_owned())
    }

    #[test]
    fn one_end_of_line_is_taken_off_and_the_file_is_read_each_time() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("password");
        let password = Password::in_file(file.clone());
        let missing = password.read().unwrap_err().to_string();
        assert!(missing.contains("can't read"), "{missing}");
        for (text, expected) in [
            ("a b\n", "a b"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            (" a", " a"),
            ("", ""),
        ] {
            fs::write(&file, text).unwrap();
            assert_eq!(said(&password).as_deref(), Some(expected));
        }
        assert_eq!(said(&Password::default()), None);
    }

    #[test]
    fn it_does_not_print_itself() {
        let password = Password::plain("rahasia".to_owned().into());
        assert_eq!(said(&password).as_deref(), Some("rahasia"));
        assert!(!format!("{password:?}").contains("rahasia"));
    }
}
