//! The edge's listening sockets: bound before anything runs, then one pair for each worker thread.

use std::io;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use lifecycle::{BindError, Bound, Listeners};

use crate::config::{Config, Listen};

/// What another process had, and this one goes on with. Sockets that are not asked for by the settings are left out by
/// whoever makes this.
#[derive(Debug, Default)]
pub struct Handed {
    /// Those of `edge.http`; empty where the settings name another address.
    pub http: Vec<TcpListener>,
    /// Those of `edge.https`, likewise.
    pub https: Vec<TcpListener>,
    /// The targets that it had drained, by their names in the log.
    pub drained: Vec<String>,
}

impl Handed {
    /// How many worker threads there must be, so that each socket has one; `None` without any sockets.
    fn threads(&self) -> Option<usize> {
        let most = self.http.len().max(self.https.len());
        (most > 0).then_some(most)
    }
}

/// What the settings ask for, bound.
pub(crate) struct Bindings {
    http: Option<Listeners>,
    pub(crate) https: Option<Listeners>,
    pub(crate) threads: usize,
    /// The targets that another process had drained, by their names in the log.
    pub(crate) drained: Vec<String>,
}

/// One thread's share of the listening sockets.
pub(crate) struct Sockets {
    pub(crate) http: Option<TcpListener>,
    pub(crate) https: Option<TcpListener>,
}

impl Bindings {
    pub(crate) fn new(config: &Config, threads: usize, handed: Handed) -> Result<Self, BindError> {
        let threads = handed.threads().unwrap_or(threads);
        let bind = |listen: Listen, handed: Vec<TcpListener>, key| {
            let Some(address) = listen.address() else {
                return Ok(None);
            };
            if handed.is_empty() {
                return Listeners::bind(address, threads, key).map(Some);
            }
            let explain = |error: io::Error| BindError::Other(address, key, error);
            Listeners::adopt(handed).map(Some).map_err(explain)
        };
        let http = bind(config.http, handed.http, "edge.http")?;
        let https = bind(config.https, handed.https, "edge.https")?;
        Ok(Self {
            http,
            https,
            threads,
            drained: handed.drained,
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

/// The sockets that worker threads listen on at the moment. Not held open from here: a listener that a thread has left is
/// closed.
#[derive(Debug, Default)]
pub(crate) struct Listening(Mutex<Vec<(Scheme, Weak<tokio::net::TcpListener>)>>);

/// Which listener a socket belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Listening {
    /// Begins to listen, and notes it.
    pub(crate) fn open(
        &self,
        scheme: Scheme,
        socket: Option<TcpListener>,
    ) -> io::Result<Option<Arc<tokio::net::TcpListener>>> {
        let Some(socket) = socket else {
            return Ok(None);
        };
        let listener = Arc::new(tokio::net::TcpListener::from_std(socket)?);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((scheme, Arc::downgrade(&listener)));
        Ok(Some(listener))
    }

    /// A second handle on each, by which another process can go on with them; no more than these.
    pub(crate) fn handles(&self) -> io::Result<Handed> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |scheme| {
            let own = all.iter().filter(move |(own, _)| *own == scheme);
            let open = own.filter_map(|(_, listener)| listener.upgrade());
            open.map(|listener| Ok(listener.as_fd().try_clone_to_owned()?.into()))
                .collect::<io::Result<Vec<TcpListener>>>()
        };
        Ok(Handed {
            http: of(Scheme::Http)?,
            https: of(Scheme::Https)?,
            drained: Vec::new(),
        })
    }
}
