//! A server with an opened store, and whatever stands between them.

use std::net::SocketAddr;

use school::Stores;
use store::postgres::{Options, open};
use store::{OpenError, Opened};
use testkit::postgres::{Server, url};

/// The server and its store.
pub(crate) struct House {
    pub(crate) server: Server,
    pub(crate) opened: Opened,
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::of(Server::default()).await
    }

    pub(crate) async fn of(server: Server) -> Self {
        let opened = open_at(server.address()).await;
        Self { server, opened }
    }

    pub(crate) fn stores(&self) -> &Stores {
        &self.opened.stores
    }
}

/// Opens the store of a server, or of what stands before it.
pub(crate) async fn open_at(address: SocketAddr) -> Opened {
    try_open(&url(address)).await.unwrap()
}

pub(crate) async fn try_open(url: &str) -> Result<Opened, OpenError> {
    open(&Options::new(url.parse().unwrap())).await
}
