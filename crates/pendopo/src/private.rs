//! The private listener: `GET /livez`, `/readyz`, `/startupz`, `/metrics`, `/status`. Never public: it asks for no password.
//! It only tells; what changes anything goes over the control socket.

mod answer;
mod system;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use lifecycle::{Bound, Listeners};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use answer::answer;
pub(crate) use system::ProcessMetrics;

use crate::roles::Telling;

/// Connections at a time: probes and one or two scrapers; more wait to be accepted.
const MOST_CONNECTIONS: usize = 64;
/// How long a connection may take to send a request's headers, and how long it may live.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
const LIFE: Duration = Duration::from_mins(5);
/// The most bytes of a request's headers.
const MOST_HEAD: usize = 16 * 1024;
/// How long to wait after a failed accept, such as one without a free file descriptor.
const PAUSE: Duration = Duration::from_millis(50);

/// The bound listener.
pub(crate) struct Private {
    bound: Bound,
    listener: Rc<TcpListener>,
}

impl Private {
    /// Goes on with the socket of another process, or binds one.
    pub(crate) fn bind(address: SocketAddr, handed: Option<std::net::TcpListener>) -> Result<Self> {
        let listeners = match handed {
            Some(socket) => Listeners::adopt(vec![socket])?,
            None => Listeners::bind(address, 1, "admin.listen")?,
        };
        let bound = Bound {
            role: "admin",
            scheme: "http",
            address: listeners.address(),
        };
        let socket = listeners
            .into_sockets()
            .pop()
            .context("one socket was asked for")?;
        let listener = TcpListener::from_std(socket).context("can't serve the private listener")?;
        Ok(Self {
            bound,
            listener: Rc::new(listener),
        })
    }

    /// A second handle on the socket.
    pub(crate) fn listener(&self) -> Rc<TcpListener> {
        Rc::clone(&self.listener)
    }

    pub(crate) fn bound(&self) -> Bound {
        self.bound.clone()
    }

    /// Serves until it is dropped; to be run on a `LocalSet`. Never ends.
    pub(crate) async fn run(self, telling: Telling) {
        let (telling, places) = (Rc::new(telling), Arc::new(Semaphore::new(MOST_CONNECTIONS)));
        loop {
            let place = Arc::clone(&places)
                .acquire_owned()
                .await
                .expect("nobody closes the semaphore");
            match self.listener.accept().await {
                Ok((stream, _)) => drop(tokio::task::spawn_local(serve(
                    stream,
                    Rc::clone(&telling),
                    place,
                ))),
                Err(error) => {
                    tracing::warn!(%error, "the private listener could not accept a connection");
                    sleep(PAUSE).await;
                }
            }
        }
    }
}

async fn serve(stream: TcpStream, telling: Rc<Telling>, _place: OwnedSemaphorePermit) {
    let service =
        service_fn(|request| std::future::ready(Ok::<_, Infallible>(answer(&request, &telling))));
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MOST_HEAD);
    let served = timeout(
        LIFE,
        builder.serve_connection(TokioIo::new(stream), service),
    )
    .await;
    if let Ok(Err(error)) = served {
        tracing::debug!(%error, "a connection to the private listener ended early");
    }
}
