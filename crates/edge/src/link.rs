//! What every request of one connection has in common.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock, Weak};

use http::HeaderValue;
use traffic::ban_list::Force;

use crate::access_log::Queue;
use crate::config::Config;
use crate::crowd::Tally;
use crate::drain::Drain;
use crate::forward::Local;
use crate::pulse::Pulse;
use crate::random::RequestIds;
use crate::rules::Rules;
use crate::shared::Shared;
use crate::switch::Switch;
use crate::tls::Served;
use crate::upstream::{Introduction, Pools};

/// What belongs to one worker thread.
pub(crate) struct Desk {
    pub(crate) shared: Arc<Shared>,
    /// The thread's number.
    pub(crate) worker: usize,
    pub(crate) queue: Queue,
    pub(crate) ids: RequestIds,
    pub(crate) tally: Tally,
    /// Absent when the role `web` is not here.
    pub(crate) local: Option<Local>,
    pub(crate) pools: Pools,
    pub(crate) drain: Arc<Drain>,
}

/// One connection, seen from its requests.
pub(crate) struct Link {
    pub(crate) desk: Arc<Desk>,
    /// The settings that the connection was opened under.
    pub(crate) config: Arc<Config>,
    pub(crate) pulse: Arc<Pulse>,
    /// The other end of the socket; IPv4 is never written as IPv6.
    pub(crate) peer: IpAddr,
    pub(crate) is_trusted: bool,
    pub(crate) tls: Option<Session>,
    /// Where the connection is told to leave HTTP; nowhere on HTTP/2, which does so stream by stream.
    pub(crate) switch: Weak<Switch>,
    /// The first host that the client asked for, and what targets are told of that; nearly all others ask for the same.
    pub(crate) introduced: OnceLock<(Option<HeaderValue>, Introduction)>,
}

/// What the TLS handshake agreed on.
pub(crate) struct Session {
    /// The name the client asked for; absent when it asked for an address.
    pub(crate) server_name: Option<Box<str>>,
    pub(crate) served: Arc<Served>,
}

impl Desk {
    /// The rules in force at this moment.
    pub(crate) fn rules(&self) -> Arc<Rules> {
        self.shared.rules(self.worker)
    }

    /// Whether this address is banned. One that may stand for many is spared, unless the ban is forced.
    pub(crate) fn bans(&self, address: IpAddr) -> bool {
        match self.shared.bans.find(address) {
            None => false,
            Some(Force::Forced) => true,
            Some(Force::Plain) => {
                let is_spared = address.is_loopback()
                    || self.rules().trusts(address)
                    || self.shared.crowd.hides(address);
                !is_spared
            }
        }
    }
}

impl Link {
    pub(crate) fn shared(&self) -> &Shared {
        &self.desk.shared
    }

    /// Whether the client was shown a certificate that browsers believe by themselves.
    pub(crate) fn is_real(&self) -> bool {
        self.tls
            .as_ref()
            .is_some_and(|session| session.served.is_real)
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.tls.is_some()
    }
}
