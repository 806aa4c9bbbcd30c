//! Where a connection is told who takes it over once its client has left HTTP.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};

/// A stream of bytes both ways.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

/// A client that no longer speaks HTTP.
pub(crate) struct Client {
    pub(crate) stream: Box<dyn Duplex>,
    /// What was read from it already.
    pub(crate) ahead: Bytes,
}

/// Deals with the client until its end.
pub(crate) type Takeover =
    Box<dyn FnOnce(Client) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// A connection's own place, so that whoever takes over ends with the connection at the latest.
#[derive(Default)]
pub(crate) struct Switch(Mutex<Option<Takeover>>);

impl Switch {
    pub(crate) fn put(&self, takeover: Takeover) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(takeover);
    }

    pub(crate) fn take(&self) -> Option<Takeover> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
