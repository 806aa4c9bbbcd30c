//! The server's side of a handshake: which certificate the client is shown, or why it is refused.

use std::io;
use std::sync::Arc;

use rustls::server::Acceptor;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{LazyConfigAcceptor, StartHandshake};

use super::{Certificates, Served};

/// Buffered at most: rustls holds this much of what the socket does not take.
const TLS_BUFFER: usize = 64 * 1024;

/// A fatal `unrecognized_name` alert (RFC 6066 §3) in a record of its own; rustls knows no way to send it.
const UNRECOGNIZED_NAME: [u8; 7] = [21, 3, 3, 0, 2, 2, 112];

/// Completes a handshake; what the client was shown stands beside the stream. `None` when it was an authority, which
/// came for a proof and has seen it.
pub(crate) async fn accept<S>(
    certificates: &Certificates,
    socket: S,
) -> io::Result<Option<(TlsStream<S>, Arc<Served>)>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let start = LazyConfigAcceptor::new(Acceptor::default(), socket).await?;
    if let Some(proof) = certificates.proof(&start.client_hello()) {
        start.into_stream(proof).await?.shutdown().await?;
        return Ok(None);
    }
    let Some(offer) = certificates.choose(start.client_hello().server_name()) else {
        return Err(refuse(start).await);
    };
    let stream = start
        .into_stream_with(Arc::clone(&offer.config), |session| {
            session.set_buffer_limit(Some(TLS_BUFFER));
        })
        .await?;
    Ok(Some((stream, Arc::clone(&offer.served))))
}

async fn refuse<S: AsyncWrite + Unpin>(mut start: StartHandshake<S>) -> io::Error {
    let told = async {
        start.io.write_all(&UNRECOGNIZED_NAME).await?;
        start.io.shutdown().await
    };
    match told.await {
        Ok(()) => io::Error::other("the client asked for a name that is not served"),
        Err(error) => error,
    }
}
