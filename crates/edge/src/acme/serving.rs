//! The fetched certificates in force, and the proof that clients get them.

use std::sync::Arc;

use jiff::Timestamp;

use super::proof;
use super::standing::{self, Standing};
use super::store::{Stamp, Store};
use crate::tls::{Certificates, OwnListener};

/// What the store has, as clients get it.
pub(super) struct Serving {
    pub(super) certificates: Arc<Certificates>,
    https: OwnListener,
    /// The files that were put in force last, or found wanting, and for which names.
    seen: Option<([Option<Stamp>; 2], Vec<String>)>,
    /// When the one beside the newest ends.
    until: Timestamp,
    is_proved: bool,
}

impl Serving {
    /// `https` is our own listener.
    pub(super) fn new(certificates: Arc<Certificates>, https: OwnListener) -> Self {
        Self {
            certificates,
            https,
            seen: None,
            until: Timestamp::MAX,
            is_proved: true,
        }
    }

    /// Puts the store's certificates in force if they are others, or for other names; of what can't be read, the last
    /// good one stays.
    pub(super) fn adopt(&mut self, store: &Store, names: &[String], now: Timestamp) {
        let seen = Some((store.stamps(), names.to_vec()));
        if seen == self.seen && now < self.until {
            return;
        }
        self.seen = seen;
        self.until = Timestamp::MAX;
        match store.certificates(names, now) {
            Ok(served) if served.is_empty() => {}
            Ok(served) => {
                for served in &served {
                    let text = standing::describe(served);
                    tracing::info!("the certificate {text} is in force");
                }
                let ends = served.iter().skip(1).map(|before| before.said.not_after);
                self.until = ends.min().unwrap_or(Timestamp::MAX);
                self.certificates.serve(served.into_iter().map(Arc::new));
                self.is_proved = false;
            }
            Err(error) => {
                tracing::error!(%error, "the fetched certificate can't be read; the last good one stays");
            }
        }
    }

    /// What the store has is another one, though its files may look the same: times are coarse.
    pub(super) fn forget(&mut self) {
        self.seen = None;
    }

    /// Shows by a handshake that the certificate in force is the one that clients get.
    pub(super) async fn prove(&mut self, names: &[String], standing: &Standing) {
        let Some(served) = self.certificates.real().filter(|_| !self.is_proved) else {
            return;
        };
        let name = names.iter().find(|name| served.names.cover(name));
        let (Some(leaf), Some(name)) = (served.key.cert.first(), name) else {
            self.is_proved = true;
            return;
        };
        let proof = proof::is_served(leaf, name, self.https).await;
        self.is_proved = proof.is_ok();
        standing.unproved.set(i64::from(proof.is_err()));
        match proof {
            Ok(()) => tracing::info!("a handshake for `{name}` shows the certificate in force"),
            Err(error) => tracing::error!(%error, "the certificate in force is not shown"),
        }
    }

    /// Those of the names that no certificate stands for.
    pub(super) fn missing<'a>(&self, names: &'a [String]) -> Vec<&'a str> {
        let names = names.iter().map(String::as_str);
        names
            .filter(|name| !self.certificates.has_real_for(name))
            .collect()
    }
}
