//! The directory `tls/acme/`: account, state, certificate and proofs, each file replaced whole.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use instant_acme::AccountCredentials;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::state::State;
use crate::files;
use crate::lease::{Held, Lease};
use crate::tls::{Served, Source, TlsError};

/// Paths and how their content is read and written; holds nothing itself, so that several edges can share it. Only
/// the one that holds the lease writes.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    directory: PathBuf,
}

/// An account with the directory that it was made at.
#[derive(Serialize, Deserialize)]
pub(crate) struct Registered {
    pub(crate) directory: String,
    pub(crate) credentials: AccountCredentials,
}

/// Tells one version of a file from the next.
pub(crate) type Stamp = (SystemTime, u64);

impl Store {
    /// The store in the data directory.
    pub(crate) fn inside(data: &Path) -> Self {
        Self {
            directory: data.join("tls/acme"),
        }
    }

    /// Who may write; `lasts` is how long the holder may be silent.
    pub(crate) fn lease(&self, holder: String, lasts: Duration) -> Lease {
        Lease::new(self.directory.clone(), "lease", holder, lasts)
    }

    pub(crate) fn state(&self) -> State {
        self.read("state.json").unwrap_or_default()
    }

    pub(crate) fn keep_state(&self, held: &Held, state: &State) -> io::Result<()> {
        self.write(held, "state.json", state)
    }

    pub(crate) fn account(&self) -> Option<Registered> {
        self.read("account.json")
    }

    pub(crate) fn keep_account(&self, held: &Held, account: &Registered) -> io::Result<()> {
        self.write(held, "account.json", account)
    }

    /// The next attempt makes another.
    pub(crate) fn forget_account(&self, held: &Held) -> io::Result<()> {
        held.check()?;
        match fs::remove_file(self.directory.join("account.json")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The certificate with its chain and its key, which stand in one file so that they can't be of two orders.
    pub(crate) fn certificate(&self) -> Result<Option<Served>, TlsError> {
        let path = self.certificate_path();
        let served = Served::find(&path, &path)?;
        Ok(served.map(|served| Served {
            is_real: true,
            source: Source::Fetched,
            ..served
        }))
    }

    pub(crate) fn keep_certificate(
        &self,
        held: &Held,
        chain_pem: &str,
        key_pem: &str,
    ) -> io::Result<()> {
        held.check()?;
        let both = format!("{}\n{key_pem}", chain_pem.trim_end());
        files::replace(&self.certificate_path(), both.as_bytes(), 0o600)
    }

    /// Whether the certificate is the one that this key was made for.
    pub(crate) fn holds_key(&self, key_pem: &str) -> bool {
        let both = fs::read_to_string(self.certificate_path());
        both.is_ok_and(|both| both.contains(key_pem.trim()))
    }

    /// Changes when the certificate is replaced; `None` while there is none.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        files::stamp(&self.certificate_path())
    }

    fn certificate_path(&self) -> PathBuf {
        self.directory.join("certificate.pem")
    }

    /// A file that can't be read or understood is told and taken for absent: all but the certificate can be had anew.
    fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let path = self.directory.join(name);
        let understood = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => Err(error),
        };
        understood
            .inspect_err(|error| {
                tracing::warn!(%error, "{} can't be used and is made anew", path.display());
            })
            .ok()
    }

    fn write<T: Serialize>(&self, held: &Held, name: &str, value: &T) -> io::Result<()> {
        held.check()?;
        let text = serde_json::to_vec_pretty(value)?;
        files::replace(&self.directory.join(name), &text, 0o600)
    }
}
