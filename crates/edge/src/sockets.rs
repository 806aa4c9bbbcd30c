//! The edge's listening sockets: bound before anything runs, then one pair for each worker thread.

use lifecycle::{BindError, Bound, Listeners};

use crate::config::{Config, Listen};

/// What the settings ask for, bound.
pub(crate) struct Bindings {
    http: Option<Listeners>,
    pub(crate) https: Option<Listeners>,
    threads: usize,
}

/// One thread's share of the listening sockets.
pub(crate) struct Sockets {
    pub(crate) http: Option<std::net::TcpListener>,
    pub(crate) https: Option<std::net::TcpListener>,
}

impl Bindings {
    pub(crate) fn new(config: &Config, threads: usize) -> Result<Self, BindError> {
        let bind = |listen: Listen, key| {
            listen
                .address()
                .map(|address| Listeners::bind(address, threads, key))
                .transpose()
        };
        let http = bind(config.http, "edge.http")?;
        let https = bind(config.https, "edge.https")?;
        Ok(Self {
            http,
            https,
            threads,
        })
    }

    /// Where they listen; empty when both are off.
    pub(crate) fn bound(&self) -> Vec<Bound> {
        let schemes = [("http", &self.http), ("https", &self.https)];
        let bound = schemes.into_iter().filter_map(|(scheme, listeners)| {
            listeners.as_ref().map(|listeners| Bound {
                role: "edge",
                scheme,
                address: listeners.address(),
            })
        });
        bound.collect()
    }

    pub(crate) fn share(self) -> Vec<Sockets> {
        let spread = |listeners: Option<Listeners>| {
            let mut sockets = listeners
                .map(Listeners::into_sockets)
                .unwrap_or_default()
                .into_iter();
            (0..self.threads).map(move |_| sockets.next())
        };
        spread(self.http)
            .zip(spread(self.https))
            .map(|(http, https)| Sockets { http, https })
            .collect()
    }
}
