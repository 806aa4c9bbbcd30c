//! On which terms certificates are fetched: from whom, under which address, and whom to believe; a reload may change them.

use std::time::Duration;

use super::client::Client;
use crate::config::AcmeConfig;
use crate::tls::TlsError;

/// A lease that ran out any sooner could not be renewed in time.
const BRIEFEST: Duration = Duration::from_secs(1);

/// The settings, and what is made of them.
pub(crate) struct Terms {
    pub(super) config: AcmeConfig,
    /// The authority's directory.
    pub(super) directory: String,
    pub(super) client: Client,
}

impl Terms {
    /// `None` if no certificates shall be fetched.
    pub(crate) fn new(config: &AcmeConfig) -> Result<Option<Self>, TlsError> {
        let Some(directory) = config.directory.url() else {
            return Ok(None);
        };
        Ok(Some(Self {
            config: config.clone(),
            directory: directory.to_owned(),
            client: Client::new(config.ca_file.as_deref())?,
        }))
    }

    /// How long an edge that orders may be silent.
    pub(super) fn lease(&self) -> Duration {
        self.config.lease.duration().max(BRIEFEST)
    }
}
