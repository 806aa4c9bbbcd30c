//! One worker thread's listeners: accepting connections, and seeing them off at the end.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use lifecycle::shutdown::DRAIN_DEADLINE;
use lifecycle::{Part, Shutdown};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinError, JoinSet};

use crate::access_log::Queue;
use crate::connection;
use crate::connections::{Full, Place};
use crate::crowd::Tally;
use crate::descriptors::{self, Spare};
use crate::drain::{Drain, Stage};
use crate::forward::Local;
use crate::link::Desk;
use crate::random::RequestIds;
use crate::shared::Shared;
use crate::sockets::{Scheme, Sockets};
use crate::upstream::Pools;

/// Of the connections that wait when a drain begins, how many are still taken: those that come after shall not
/// keep the listener open.
const MOST_WAITING: usize = 1024;

/// How long tunnels have to take leave of their ends when the drain is over.
const FAREWELL: Duration = Duration::from_millis(500);

/// How often connections to targets that rested too long are closed.
const SWEEP: Duration = Duration::from_secs(1);

/// One worker thread.
pub(crate) struct Worker {
    desk: Arc<Desk>,
    drain: Arc<Drain>,
    spare: Spare,
    connections: JoinSet<()>,
}

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>, worker: usize, queue: Queue) -> io::Result<Self> {
        let ids = RequestIds::new().map_err(io::Error::other)?;
        let local = shared.rules(worker).routes.local().cloned().map(Local::new);
        let drain = shared.drain(worker);
        let desk = Arc::new(Desk {
            shared,
            worker,
            queue,
            ids,
            tally: Tally::default(),
            local,
            pools: Pools::default(),
            drain: Arc::clone(&drain),
        });
        Ok(Self {
            desk,
            drain,
            spare: Spare::new()?,
            connections: JoinSet::new(),
        })
    }

    /// Accepts until the drain, then lets requests in flight finish.
    pub(crate) async fn run(
        mut self,
        sockets: Sockets,
        part: &Part,
        mut shutdown: Shutdown,
    ) -> io::Result<()> {
        let listening = &self.desk.shared.listening;
        let http = listening.open(Scheme::Http, sockets.http)?;
        let https = listening.open(Scheme::Https, sockets.https)?;
        let mut sweep = tokio::time::interval(SWEEP);
        let mut leaving = shutdown.clone();
        loop {
            tokio::select! {
                () = shutdown.closing() => break,
                () = leaving.leaving(), if self.drain.stage() == Stage::Open => {
                    self.drain.reach(Stage::Leaving);
                }
                _ = sweep.tick() => self.desk.pools.sweep(self.desk.shared.clock.now()),
                () = self.desk.pools.disturbed() => self.desk.pools.tend(self.desk.shared.clock.now()),
                accepted = accept(http.as_deref()) => self.take(accepted, http.as_deref(), false).await,
                accepted = accept(https.as_deref()) => self.take(accepted, https.as_deref(), true).await,
                Some(ended) = self.connections.join_next() => tell(ended),
            }
        }
        part.waiting("draining");
        if shutdown.is_handed_over() {
            // Whoever waits is the other process's, which has the same sockets.
            drop((http, https));
            self.await_last_requests(&mut shutdown).await;
        } else {
            self.take_waiting(http.as_deref(), false).await;
            self.take_waiting(https.as_deref(), true).await;
            drop((http, https));
        }
        self.finish(shutdown).await;
        Ok(())
    }

    /// Clients that are there ask once more, and are told to come back over a new connection. All worker threads stay
    /// until none has any left, for the end of one is the end of all.
    async fn await_last_requests(&mut self, shutdown: &mut Shutdown) {
        self.drain.reach(Stage::Leaving);
        let shared = Arc::clone(&self.desk.shared);
        tokio::select! {
            () = async { self.all_gone().await; shared.last.wait().await; } => {}
            () = shutdown.draining() => {}
        }
    }

    async fn all_gone(&mut self) {
        while let Some(ended) = self.connections.join_next().await {
            tell(ended);
        }
    }

    async fn finish(&mut self, mut shutdown: Shutdown) {
        self.drain.reach(Stage::Draining);
        tokio::select! {
            () = self.all_gone() => {}
            () = shutdown.ending() => {}
            () = tokio::time::sleep(DRAIN_DEADLINE) => {}
        }
        // Best effort: a tunnel whose ends do not listen is cut with the rest.
        let _ = tokio::time::timeout(FAREWELL, self.drain.finish()).await;
        self.connections.shutdown().await;
    }

    /// The kernel has shaken hands with those that wait at this moment: closed with the socket, they would be reset.
    async fn take_waiting(&mut self, listener: Option<&TcpListener>, is_secure: bool) {
        for _ in 0..MOST_WAITING {
            let Some(Ok((socket, peer))) = at_once(accept(listener)).await else {
                return;
            };
            self.open(socket, peer, is_secure);
        }
    }

    async fn take(&mut self, accepted: Accepted, listener: Option<&TcpListener>, is_secure: bool) {
        match accepted {
            Ok((socket, peer)) => self.open(socket, peer, is_secure),
            Err(error) if descriptors::are_exhausted(&error) => self.turn_away(listener).await,
            // The client gave up between its SYN and our accept.
            Err(error) => tracing::debug!(%error, "a connection was gone before it was accepted"),
        }
    }

    fn open(&mut self, socket: TcpStream, peer: SocketAddr, is_secure: bool) {
        let shared = &self.desk.shared;
        let address = peer.ip().to_canonical();
        if self.desk.bans(address) {
            return shared.metrics.connections.banned();
        }
        let rules = self.desk.rules();
        let stands_for_many = rules.trusts(address) || shared.spares(&rules, address);
        let place = match shared
            .connections
            .take(Some(address).filter(|_| !stands_for_many))
        {
            Ok(place) => place,
            Err(full) => return self.refuse(full),
        };
        // Failing means that the peer is gone, which the first read finds out.
        let _ = socket.set_nodelay(true);
        let (desk, drain, accepted) = (
            Arc::clone(&self.desk),
            Arc::clone(&self.drain),
            Instant::now(),
        );
        let opened = connection::Opened {
            socket,
            address,
            is_secure,
            accepted,
        };
        self.connections.spawn(served(opened, desk, drain, place));
    }

    fn refuse(&self, full: Full) {
        self.desk.shared.metrics.connections.refused(full);
    }

    /// Uses the spare descriptor to take one waiting connection and close it, then pauses.
    async fn turn_away(&mut self, listener: Option<&TcpListener>) {
        if self.desk.shared.metrics.connections.exhausted() {
            tracing::error!(
                "no more open files: connections are turned away; raise the limit (`ulimit -n`) or lower `edge.connections.most`"
            );
        }
        self.spare.give();
        // Should another thread have been faster with the descriptor, the pause is all there is.
        drop(at_once(accept(listener)).await);
        self.spare.take();
        tokio::time::sleep(descriptors::PAUSE).await;
    }
}

async fn served(opened: connection::Opened, desk: Arc<Desk>, drain: Arc<Drain>, mut place: Place) {
    let open = &desk.shared.metrics.connections.open;
    open.inc();
    connection::serve(opened, Arc::clone(&desk), &drain, &mut place).await;
    open.dec();
}

type Accepted = io::Result<(TcpStream, SocketAddr)>;

async fn accept(listener: Option<&TcpListener>) -> Accepted {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// What the future has to say without waiting.
async fn at_once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

fn tell(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a connection's task panicked");
    }
}
