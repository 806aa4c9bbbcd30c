//! Sealing a backup for a recipient (age, age-encryption.org/v1): whoever steals the folder can't read it.
//!
//! The key that opens it is never on the server, so a backup is proved before it is sealed.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::iter::once;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use age::{DecryptError, Decryptor, Encryptor, IdentityFile};
use serde::{Deserialize, Serialize};

use super::BackupError;
use super::note::Summed;

/// The beginning of every sealed file.
const MAGIC: &[u8] = b"age-encryption.org/";

/// For whom backups are sealed: a public key, such as `age1…`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Recipient(age::x25519::Recipient);

impl FromStr for Recipient {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| {
            format!("`{text}` is no age recipient: write the public key that `age-keygen` printed, `age1…`")
        })
    }
}

impl TryFrom<String> for Recipient {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Recipient> for String {
    fn from(recipient: Recipient) -> Self {
        recipient.to_string()
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl PartialEq for Recipient {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Recipient {
    /// Seals the file's content.
    pub(super) fn seal<W: Write>(
        &self,
        plain: &Path,
        output: Summed<W>,
    ) -> Result<Summed<W>, BackupError> {
        let fail = |cause| BackupError::file(plain, cause);
        let encryptor = Encryptor::with_recipients(once(&self.0 as &dyn age::Recipient))
            .map_err(|error| BackupError::Seal(error.to_string()))?;
        let mut sealed = encryptor.wrap_output(output).map_err(fail)?;
        let mut input = BufReader::new(File::open(plain).map_err(fail)?);
        io::copy(&mut input, &mut sealed).map_err(fail)?;
        sealed.finish().map_err(fail)
    }
}

/// The file with the key that opens sealed backups.
#[derive(Debug, Clone)]
pub struct Identity(PathBuf);

impl Identity {
    /// The file at this path, as `age-keygen` writes it.
    pub fn from_file(path: PathBuf) -> Self {
        Self(path)
    }

    fn keys(&self) -> Result<Vec<Box<dyn age::Identity + Send + Sync>>, BackupError> {
        let no_key = |_| BackupError::NoKey(self.0.clone());
        let file = File::open(&self.0).map_err(|cause| BackupError::file(&self.0, cause))?;
        let keys = IdentityFile::from_buffer(BufReader::new(file)).map_err(no_key)?;
        keys.into_identities()
            .map_err(|_| BackupError::NoKey(self.0.clone()))
    }
}

/// The archive in a backup, whether it is sealed or not.
pub(super) fn open<'a>(
    mut file: BufReader<File>,
    path: &Path,
    identity: Option<&Identity>,
) -> Result<Box<dyn Read + 'a>, BackupError> {
    let begin = file
        .fill_buf()
        .map_err(|cause| BackupError::file(path, cause))?;
    if !begin.starts_with(MAGIC) {
        return Ok(Box::new(file));
    }
    let identity = identity.ok_or_else(|| BackupError::Sealed(path.to_owned()))?;
    let keys = identity.keys()?;
    let damaged = |what: String| BackupError::Archive(crate::archive::ArchiveError::Damaged(what));
    let decryptor = Decryptor::new_buffered(file).map_err(|error| damaged(error.to_string()))?;
    let opened = decryptor.decrypt(keys.iter().map(|key| key.as_ref() as &dyn age::Identity));
    match opened {
        Ok(stream) => Ok(Box::new(stream)),
        Err(DecryptError::NoMatchingKeys) => Err(BackupError::WrongKey {
            key: identity.0.clone(),
            path: path.to_owned(),
        }),
        Err(other) => Err(damaged(other.to_string())),
    }
}
