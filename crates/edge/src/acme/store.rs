//! The directory `tls/acme/`: account, state, certificate and proofs, each file replaced whole.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use instant_acme::AccountCredentials;
use jiff::Timestamp;
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
    /// What the authority was told last.
    #[serde(default)]
    pub(crate) email: Option<String>,
    pub(crate) credentials: AccountCredentials,
}

/// A certificate and its key, in PEM.
#[derive(Clone, Copy)]
pub(crate) struct Pair<'a> {
    /// With the chain that leads to the authority's root.
    pub(crate) chain: &'a str,
    pub(crate) key: &'a str,
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
        let state: State = self.read("state.json").unwrap_or_default();
        match &state.order {
            // It was brought home just before the process was killed.
            Some(order) if self.holds_key(&order.key) => state.after_success(&order.domains),
            _ => state,
        }
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

    /// Notes what the authority was told.
    pub(crate) fn keep_email(&self, held: &Held, email: Option<String>) -> io::Result<()> {
        let account = self
            .account()
            .map(|account| Registered { email, ..account });
        account.map_or(Ok(()), |account| self.keep_account(held, &account))
    }

    /// The next attempt makes another.
    pub(crate) fn forget_account(&self, held: &Held) -> io::Result<()> {
        held.check()?;
        remove(&self.directory.join("account.json"))
    }

    /// The certificate that was fetched last; and the one before, while that is good and alone stands for one of these
    /// names.
    pub(crate) fn certificates(
        &self,
        domains: &[String],
        now: Timestamp,
    ) -> Result<Vec<Served>, TlsError> {
        let Some(newest) = fetched(&self.certificate_path())? else {
            return Ok(Vec::new());
        };
        let before = fetched(&self.before_path()).unwrap_or_else(|error| {
            tracing::error!(%error, "the certificate before the newest can't be read");
            None
        });
        let before = before.filter(|before| now < before.said.not_after);
        let mut left_out = domains.iter().filter(|name| !newest.names.cover(name));
        let before = before.filter(|before| left_out.any(|name| before.names.cover(name)));
        Ok([newest].into_iter().chain(before).collect())
    }

    /// Puts a certificate in the place of the newest. Of those until now, one is kept for the names that this one leaves
    /// out.
    pub(crate) fn keep_certificate(
        &self,
        held: &Held,
        pair: Pair<'_>,
        left_out: &[String],
    ) -> io::Result<()> {
        held.check()?;
        let (newest, before) = (self.certificate_path(), self.before_path());
        let best = [&newest, &before]
            .into_iter()
            .filter_map(|path| worth(path, left_out));
        let best = best.max().map(|(_, path)| path);
        if best == Some(newest.as_path()) {
            files::replace(&before, &fs::read(&newest)?, 0o600)?;
        }
        // Both stand in one file, so that they can't be of two orders.
        let both = format!("{}\n{}", pair.chain.trim_end(), pair.key);
        files::replace(&newest, both.as_bytes(), 0o600)?;
        match best {
            Some(_) => Ok(()),
            None => remove(&before),
        }
    }

    /// Whether the certificate is the one that this key was made for.
    fn holds_key(&self, key_pem: &str) -> bool {
        let both = fs::read_to_string(self.certificate_path());
        both.is_ok_and(|both| both.contains(key_pem.trim()))
    }

    /// Changes when a certificate is replaced; `None` for one that is not there.
    pub(crate) fn stamps(&self) -> [Option<Stamp>; 2] {
        [self.certificate_path(), self.before_path()].map(|path| files::stamp(&path))
    }

    fn certificate_path(&self) -> PathBuf {
        self.directory.join("certificate.pem")
    }

    fn before_path(&self) -> PathBuf {
        self.directory.join("certificate-before.pem")
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

/// The certificate with its chain and its key.
fn fetched(path: &Path) -> Result<Option<Served>, TlsError> {
    let served = Served::find(path, path)?;
    Ok(served.map(|served| Served {
        is_real: true,
        source: Source::Fetched,
        ..served
    }))
}

/// For how many of these names the certificate stands, and until when; `None` when it is good for none of them.
fn worth<'a>(path: &'a Path, names: &[String]) -> Option<((usize, Timestamp), &'a Path)> {
    let served = fetched(path).ok().flatten()?;
    let covered = names.iter().filter(|name| served.names.cover(name));
    let (count, end) = (covered.count(), served.said.not_after);
    (count > 0 && end > Timestamp::now()).then_some(((count, end), path))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
