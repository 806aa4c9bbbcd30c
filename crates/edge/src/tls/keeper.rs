//! Keeps the local certificate fresh: looks each hour, and puts a new one in force before the old one ends, or when the
//! server has other names.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use lifecycle::Shutdown;

use super::{Authority, Certificates, Names};
use crate::domains::Domains;

const LOOK: Duration = Duration::from_hours(1);

/// The local authority, and where its certificates are put in force.
pub(crate) struct Keeper {
    pub(crate) authority: Authority,
    pub(crate) certificates: Arc<Certificates>,
    /// Where HTTPS listens.
    pub(crate) listens: IpAddr,
    pub(crate) domains: Domains,
}

impl Keeper {
    /// Runs until the drain. A failure is told and tried again at the next look: the old certificate still serves.
    pub(crate) async fn run(mut self, mut shutdown: Shutdown) -> Result<(), String> {
        loop {
            tokio::select! {
                () = shutdown.draining() => return Ok(()),
                () = tokio::time::sleep(LOOK) => {}
                () = self.domains.changed() => {
                    let names = Names::of_server(&self.domains.now(), self.listens);
                    self.authority.is_for(names);
                }
            }
            match self.authority.certificates(Timestamp::now()) {
                Ok(leaves) => self.certificates.serve_locally(leaves),
                Err(error) => {
                    tracing::error!(%error, "the local certificate could not be looked after");
                }
            }
        }
    }
}
