//! Where a connection comes from: its other end, or whom a trusted proxy names in a PROXY header.

use std::io;
use std::net::IpAddr;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::error::{self, Refusal};
use crate::proxy_protocol::{self, MOST, Parsed, Said};
use crate::rules::Rules;

/// Who is at the other end, as far as it is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Whence {
    pub(crate) address: IpAddr,
    /// Whether what it says of other clients is believed.
    pub(crate) is_trusted: bool,
    /// Whether a PROXY header named it.
    is_named: bool,
}

/// Why a connection is closed before anything else is read.
#[derive(Debug)]
pub(crate) enum Closed {
    /// It ended by itself, as the checks of some proxies do.
    ByPeer,
    /// It said nothing for too long, and nobody had to say anything yet.
    Silent,
    ByUs(&'static Refusal),
}

impl From<io::Error> for Closed {
    fn from(_: io::Error) -> Self {
        Self::ByPeer
    }
}

impl Whence {
    /// Whether it is a client behind a proxy.
    pub(crate) fn is_client(&self) -> bool {
        self.is_named && !self.is_trusted
    }

    /// The other end itself.
    pub(crate) fn of(peer: IpAddr, rules: &Rules) -> Self {
        Self {
            address: peer,
            is_trusted: rules.trusts(peer),
            is_named: false,
        }
    }
}

/// Takes the PROXY header from the socket where there must be one, and not a byte more; refuses one that must not be.
pub(crate) async fn find(
    socket: &mut TcpStream,
    peer: IpAddr,
    rules: &Rules,
) -> Result<Whence, Closed> {
    let own = Whence::of(peer, rules);
    let finding = async {
        if !own.is_trusted {
            forbid(socket).await?;
            return Ok(own);
        }
        Ok(match receive(socket).await? {
            Said::Client(address) => Whence {
                address,
                is_trusted: rules.trusts(address),
                is_named: true,
            },
            // What it forwards may be a client's own words.
            Said::Nothing => Whence {
                is_trusted: false,
                ..own
            },
        })
    };
    let patience = rules.config.timeout.handshake.duration();
    let found = tokio::time::timeout(patience, finding).await;
    found.unwrap_or(Err(if own.is_trusted {
        Closed::ByUs(&error::PROXY_HEADER_TOO_SLOW)
    } else {
        Closed::Silent
    }))
}

async fn receive(socket: &mut TcpStream) -> Result<Said, Closed> {
    let (mut header, mut taken) = (vec![0; MOST], 0);
    loop {
        let count = socket.peek(&mut header[taken..]).await?;
        let seen = taken + count;
        match proxy_protocol::parse(&header[..seen]) {
            _ if count == 0 && taken == 0 => return Err(Closed::ByPeer),
            Ok(Parsed::Incomplete) if count > 0 => {
                // All of it belongs to the header. Taken, so that the next look waits for more.
                socket.read_exact(&mut header[taken..seen]).await?;
                taken = seen;
            }
            Ok(Parsed::Complete { said, length }) => {
                socket.read_exact(&mut header[taken..length]).await?;
                return Ok(said);
            }
            fault => {
                tracing::debug!(
                    ?fault,
                    "a connection without a good PROXY header was closed"
                );
                return Err(Closed::ByUs(&error::PROXY_HEADER));
            }
        }
    }
}

/// One look is enough: what comes in smaller pieces is refused as bad HTTP or bad TLS, by the head's end or its deadline.
async fn forbid(socket: &TcpStream) -> Result<(), Closed> {
    let mut first = [0; 16];
    let count = socket.peek(&mut first).await?;
    if proxy_protocol::is_header(&first[..count]) {
        return Err(Closed::ByUs(&error::PROXY_HEADER_FORBIDDEN));
    }
    Ok(())
}
