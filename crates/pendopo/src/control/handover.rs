//! Handing listeners, locks and all new clients over to another process: what the old one does, and what the new one.

use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, OwnedFd};

use edge::Handed;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufRead, AsyncBufReadExt};
use tokio::time::timeout;

use super::Reply;
use super::office::Office;
use super::voice::Voice;
use crate::cli::RoleName;

/// What the new process says when it serves.
pub(super) const READY: &str = "ready\n";

/// What is handed over.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Handover {
    /// Everything.
    Pieces {
        /// The schema of the database that the old process works with; it has none without the role `web`.
        schema: Option<i64>,
        /// In the order of the descriptors beside it.
        pieces: Vec<Piece>,
        /// Targets that get no new requests, by their names in the log.
        drained: Vec<String>,
    },
    /// Nothing, for this reason.
    Refused(String),
}

/// One descriptor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Piece {
    /// A socket of this listener, with the address that the settings name.
    Listener(ListenerName, SocketAddr),
    /// The lock of a role on the data directory.
    Lock(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ListenerName {
    Http,
    Https,
    Private,
}

type Pieces = Vec<(Piece, OwnedFd)>;

impl Office {
    /// Hands everything over and begins to drain once the other process serves; until then this one serves as before.
    /// Returns when the other process failed or took too long, else never: the end of the connection says that this
    /// process has ended.
    pub(super) async fn hand_over(
        &self,
        reading: &mut (impl AsyncBufRead + Unpin),
        voice: &mut Voice,
    ) -> io::Result<()> {
        let estate = &self.estate;
        if estate.is_given.replace(true) {
            let text = "another process is taking over already".to_owned();
            return voice.hand(&Handover::Refused(text), &[]).await;
        }
        self.edge.has_company(true);
        let serves = async {
            self.hand_pieces(voice).await?;
            self.await_word(reading).await
        };
        if let Err(error) = serves.await {
            tracing::warn!(%error, "the process that was taking over did not serve: this one goes on");
            self.edge.has_company(false);
            estate.is_given.set(false);
            // It may be gone, or merely late.
            return voice.tell(&Reply::Failed(error.to_string())).await;
        }
        let relieved = Reply::Done("it is relieved".to_owned());
        if let Err(error) = voice.tell(&relieved).await {
            tracing::debug!(%error, "the process that has taken over was not told so");
        }
        tracing::info!(
            "another process has taken over: requests in flight may finish, and clients come back to it"
        );
        estate.serves_private.abort();
        estate.trigger.hand_over();
        std::future::pending().await
    }

    async fn await_word(&self, reading: &mut (impl AsyncBufRead + Unpin)) -> io::Result<()> {
        let mut line = String::new();
        let patience = self.estate.patience;
        match timeout(patience, reading.read_line(&mut line)).await {
            Ok(Ok(_)) if line == READY => Ok(()),
            Ok(Ok(_)) => Err(io::Error::other("it ended before it served")),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(io::Error::other(format!(
                "it did not serve within {} ms (`drain.takeover`)",
                patience.as_millis()
            ))),
        }
    }

    async fn hand_pieces(&self, voice: &mut Voice) -> io::Result<()> {
        let mut handed = self.edge.hand_over()?;
        let drained = std::mem::take(&mut handed.drained);
        let pieces = self.pieces(handed)?;
        let (pieces, all): (Vec<_>, Vec<_>) = pieces.into_iter().unzip();
        let all: Vec<_> = all.iter().map(AsFd::as_fd).collect();
        let handover = Handover::Pieces {
            schema: self.estate.schema,
            pieces,
            drained,
        };
        voice.hand(&handover, &all).await
    }

    fn pieces(&self, handed: Handed) -> io::Result<Pieces> {
        let (http, https, private) = self.reloader.listeners();
        let mut pieces = Pieces::new();
        let named = [
            (ListenerName::Http, http, handed.http),
            (ListenerName::Https, https, handed.https),
        ];
        for (name, asked, sockets) in named {
            let Some(asked) = asked else { continue };
            let piece = Piece::Listener(name, asked);
            pieces.extend(
                sockets
                    .into_iter()
                    .map(|socket| (piece.clone(), socket.into())),
            );
        }
        let piece = Piece::Listener(ListenerName::Private, private);
        pieces.push((piece, self.estate.private.as_fd().try_clone_to_owned()?));
        for (role, lock) in &self.estate.locks {
            let piece = Piece::Lock(role.as_str().to_owned());
            pieces.push((piece, lock.try_clone()?.into()));
        }
        Ok(pieces)
    }
}

/// What the new process goes on with.
#[derive(Debug, Default)]
pub(crate) struct Inheritance {
    pub(crate) edge: Handed,
    pub(crate) private: Option<TcpListener>,
    pub(crate) locks: Vec<(RoleName, File)>,
}

impl Inheritance {
    /// Sorts the pieces out. A socket is taken if its listener's address, as the settings name it or as it really is, is
    /// one of `wanted`; any other one is let go of.
    pub(super) fn sort(
        pieces: Vec<(Piece, OwnedFd)>,
        wanted: [(ListenerName, Option<SocketAddr>); 3],
    ) -> io::Result<Self> {
        let mut own = Self::default();
        for (piece, descriptor) in pieces {
            let (name, asked) = match piece {
                Piece::Listener(name, asked) => (name, asked),
                Piece::Lock(role) => {
                    let mut roles = RoleName::ALL.into_iter();
                    let role = roles.find(|own| own.as_str() == role);
                    own.locks
                        .extend(role.map(|role| (role, File::from(descriptor))));
                    continue;
                }
            };
            let socket = TcpListener::from(descriptor);
            let is = [Some(asked), Some(socket.local_addr()?)];
            let is_wanted = wanted
                .iter()
                .any(|(own, address)| *own == name && address.is_some() && is.contains(address));
            match name {
                _ if !is_wanted => {}
                ListenerName::Http => own.edge.http.push(socket),
                ListenerName::Https => own.edge.https.push(socket),
                ListenerName::Private => own.private = Some(socket),
            }
        }
        Ok(own)
    }
}
