//! The operator's own certificates: pairs of files that are looked at again and again, so that a new pair needs no reload.
//!
//! What stands in the files is compared, not when they were written: on network file systems times are coarse, and
//! the files are small. A change counts once two looks in a row saw the same, so that a pair of which only one file
//! is replaced yet, or half a file is written, is neither served nor complained about.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lifecycle::Shutdown;

use super::{Certificates, Served, TlsError};
use crate::config::PairConfig;
use crate::files;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Every pair in the operator's order; never empty. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Own(Arc<Mutex<Vec<Pair>>>);

/// The pairs of other settings, read and not yet in force.
#[derive(Debug)]
pub(crate) struct Renewed(Vec<Pair>);

#[derive(Debug, Clone)]
struct Pair {
    files: PairConfig,
    /// The last that was good.
    served: Arc<Served>,
    /// What stood in the files when they were taken up, or found wanting, last.
    seen: u64,
    /// What stood there at the last look, when that was something else.
    changing: Option<u64>,
    /// What is wrong with the files as they stand.
    fault: Option<String>,
}

/// What stands in both files.
struct Content {
    chain_pem: Vec<u8>,
    key_pem: Vec<u8>,
}

impl Own {
    /// Reads every pair; one that can't be used is an error, for there is no last good one yet.
    pub(crate) fn read(pairs: Vec<PairConfig>) -> Result<Self, TlsError> {
        let pairs: Result<_, _> = pairs.into_iter().map(Pair::read).collect();
        Ok(Self(Arc::new(Mutex::new(pairs?))))
    }

    /// The pairs that other settings name. One whose files are the same stays as it is, with its last good certificate.
    pub(crate) fn renewed(&self, pairs: Vec<PairConfig>) -> Result<Renewed, TlsError> {
        let known = self.pairs();
        let find = |files: PairConfig| {
            let same = known.iter().find(|pair| pair.files == files);
            same.cloned().map_or_else(|| Pair::read(files), Ok)
        };
        pairs
            .into_iter()
            .map(find)
            .collect::<Result<_, _>>()
            .map(Renewed)
    }

    /// From now on these are served and looked at.
    pub(crate) fn put_in_force(&self, renewed: Renewed, certificates: &Certificates) {
        *self.pairs() = renewed.0;
        certificates.serve(self.served());
        self.tell_faults(certificates);
    }

    /// The last good certificate of each pair.
    pub(crate) fn served(&self) -> Vec<Arc<Served>> {
        let pairs = self.pairs();
        pairs.iter().map(|pair| Arc::clone(&pair.served)).collect()
    }

    fn pairs(&self) -> MutexGuard<'_, Vec<Pair>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks until the drain, and puts new pairs in force.
    pub(crate) async fn watch(
        self,
        certificates: Arc<Certificates>,
        mut shutdown: Shutdown,
    ) -> Result<(), String> {
        loop {
            tokio::select! {
                () = shutdown.draining() => return Ok(()),
                () = tokio::time::sleep(LOOK) => self.look(&certificates),
            }
        }
    }

    /// Looks at every file once; to be called again and again.
    pub(super) fn look(&self, certificates: &Certificates) {
        let has_changed = self
            .pairs()
            .iter_mut()
            .fold(false, |changed, pair| pair.look() | changed);
        if has_changed {
            certificates.serve(self.served());
            self.tell_faults(certificates);
        }
    }

    /// Tells what is wrong with the files, if anything.
    pub(crate) fn tell_faults(&self, certificates: &Certificates) {
        let pairs = self.pairs();
        let faults = pairs.iter().filter_map(|pair| pair.fault.as_deref());
        certificates.notice.tell_faults(&faults.collect::<Vec<_>>());
    }
}

impl Pair {
    fn read(files: PairConfig) -> Result<Self, TlsError> {
        let content = Content::read(&files);
        let seen = digest(content.as_ref());
        Ok(Self {
            served: Arc::new(content?.understand(&files)?),
            files,
            seen,
            changing: None,
            fault: None,
        })
    }

    /// True when the files hold something new, good or not.
    fn look(&mut self) -> bool {
        let content = Content::read(&self.files);
        let now = digest(content.as_ref());
        if now == self.seen {
            self.changing = None;
            return false;
        }
        if self.changing.replace(now) != Some(now) {
            return false;
        }
        (self.seen, self.changing) = (now, None);
        let certificate = self.files.certificate.display();
        match content.and_then(|content| content.understand(&self.files)) {
            Ok(served) => {
                let (names, end) = (served.names.texts().join(", "), served.said.not_after);
                tracing::info!("{certificate} is in force: for {names}; until {end}");
                (self.served, self.fault) = (Arc::new(served), None);
            }
            Err(error) => {
                tracing::error!(%error, "{certificate} can't be put in force; the last good one stays");
                self.fault = Some(error.to_string());
            }
        }
        true
    }
}

impl Content {
    fn read(pair: &PairConfig) -> Result<Self, TlsError> {
        let read = |path: &std::path::Path| {
            let missing = || std::io::ErrorKind::NotFound.into();
            let content = files::read(path).and_then(|content| content.ok_or_else(missing));
            content.map_err(|error| TlsError::File(path.to_owned(), error))
        };
        Ok(Self {
            chain_pem: read(&pair.certificate)?,
            key_pem: read(&pair.key)?,
        })
    }

    fn understand(&self, pair: &PairConfig) -> Result<Served, TlsError> {
        Served::understand(
            (&pair.certificate, &self.chain_pem),
            (&pair.key, &self.key_pem),
        )
    }
}

/// Tells what stands in the files, or why they can't be read, from what stood there before.
fn digest(content: Result<&Content, &TlsError>) -> u64 {
    let mut hasher = DefaultHasher::new();
    match content {
        Ok(content) => (&content.chain_pem, &content.key_pem).hash(&mut hasher),
        Err(error) => error.to_string().hash(&mut hasher),
    }
    hasher.finish()
}

#[cfg(test)]
mod tests;
