//! Listening sockets, one for each worker thread, on one address.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use thiserror::Error;

/// Connections that may wait to be accepted, on each socket.
const BACKLOG: i32 = 4096;

/// Sockets that share one address by `SO_REUSEPORT`; the kernel spreads connections over them.
#[derive(Debug)]
pub struct Listeners {
    address: SocketAddr,
    sockets: Vec<TcpListener>,
}

/// Why an address could not be had, and what to do.
#[derive(Debug, Error)]
pub enum BindError {
    /// Somebody else listens there.
    #[error(
        "{0} is in use: stop the program that listens there, or choose another address with `{1}`"
    )]
    InUse(SocketAddr, &'static str),
    /// A port below 1024 as an ordinary user.
    #[error(
        "{0} needs a right to low ports: start as root, grant CAP_NET_BIND_SERVICE, or choose another address with `{1}`"
    )]
    Denied(SocketAddr, &'static str),
    /// Anything else.
    #[error("{0} can't be listened on (`{1}`): {2}")]
    Other(SocketAddr, &'static str, #[source] io::Error),
}

impl Listeners {
    /// Binds `count` sockets to `address`; `key` is the setting that named it, for the error.
    ///
    /// A first socket without `SO_REUSEPORT` finds out whether another program has the port: with the option,
    /// two servers of the same user would silently share it.
    pub fn bind(address: SocketAddr, count: usize, key: &'static str) -> Result<Self, BindError> {
        let explain = |error: io::Error| match error.kind() {
            io::ErrorKind::AddrInUse => BindError::InUse(address, key),
            io::ErrorKind::PermissionDenied => BindError::Denied(address, key),
            _ => BindError::Other(address, key, error),
        };
        if address.port() != 0 {
            drop(socket(address, Sharing::Alone).map_err(explain)?);
        }
        let first = socket(address, Sharing::Together).map_err(explain)?;
        let address = first.local_addr().map_err(explain)?;
        let mut sockets = vec![first];
        for _ in 1..count {
            sockets.push(socket(address, Sharing::Together).map_err(explain)?);
        }
        Ok(Self { address, sockets })
    }

    /// Takes sockets that another process bound and listens on; not empty, and all on one address.
    pub fn adopt(sockets: Vec<TcpListener>) -> io::Result<Self> {
        let first = sockets.first().ok_or(io::ErrorKind::InvalidInput)?;
        let address = first.local_addr()?;
        for socket in &sockets {
            socket.set_nonblocking(true)?;
        }
        Ok(Self { address, sockets })
    }

    /// The address, with its real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The sockets, one for each thread; non-blocking.
    pub fn into_sockets(self) -> Vec<TcpListener> {
        self.sockets
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Sharing {
    Alone,
    Together,
}

fn socket(address: SocketAddr, sharing: Sharing) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(sharing == Sharing::Together)?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    // Those that are accepted inherit it.
    notice_death(&SockRef::from(&socket))?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Has the system ask an end that has been silent for a minute whether it is still there, and close the connection
/// two minutes after it vanished: a host that lost its power says no good-bye.
pub fn notice_death(socket: &SockRef<'_>) -> io::Result<()> {
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_mins(1))
        .with_interval(Duration::from_secs(15))
        .with_retries(4);
    socket.set_tcp_keepalive(&keepalive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_of_the_systems_choice_is_shared_by_all_sockets() {
        let listeners =
            Listeners::bind(SocketAddr::from(([127, 0, 0, 1], 0)), 3, "edge.http").unwrap();
        let address = listeners.address();
        assert_ne!(address.port(), 0);
        let sockets = listeners.into_sockets();
        assert!(
            sockets
                .iter()
                .all(|socket| socket.local_addr().unwrap() == address)
        );
        assert_eq!(sockets.len(), 3);
    }

    #[test]
    fn a_port_in_use_names_the_address_and_the_setting() {
        let taken = Listeners::bind(SocketAddr::from(([127, 0, 0, 1], 0)), 1, "edge.http").unwrap();
        let error = Listeners::bind(taken.address(), 1, "edge.http").unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains(&taken.address().to_string()) && text.contains("`edge.http`"),
            "{text}"
        );
    }

    #[test]
    fn an_accepted_connection_notices_the_death_of_its_other_end() {
        let listeners =
            Listeners::bind(SocketAddr::from(([127, 0, 0, 1], 0)), 1, "edge.http").unwrap();
        let address = listeners.address();
        let listener = listeners.into_sockets().remove(0);
        listener.set_nonblocking(false).unwrap();
        let _client = std::net::TcpStream::connect(address).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        let accepted = SockRef::from(&accepted);
        assert!(accepted.keepalive().unwrap());
        assert_eq!(
            accepted.tcp_keepalive_time().unwrap(),
            Duration::from_mins(1)
        );
        assert_eq!(accepted.tcp_keepalive_retries().unwrap(), 4);
    }
}
