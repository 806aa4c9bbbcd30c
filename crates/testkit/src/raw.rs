//! A client that sends exactly these bytes, over plain TCP or TLS.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use rustls::{ClientConnection, StreamOwned};
use socket2::{Domain, Socket, Type};

use crate::response::Response;

/// No test waits longer than this for a byte.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A connection from another address of this machine, which the whole loopback network is.
pub fn connect_from(from: impl Into<Ipv4Addr>, to: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    let from = SocketAddr::from((from.into(), 0));
    socket
        .bind(&from.into())
        .expect("an address of the loopback network");
    socket.connect(&to.into()).expect("a server that listens");
    socket.into()
}

/// One connection.
pub struct Raw {
    stream: Stream,
    received: Vec<u8>,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Raw {
    /// Connects without TLS.
    pub fn connect(address: SocketAddr) -> Self {
        Self::on(TcpStream::connect(address).expect("a server that listens"))
    }

    /// Uses a socket that is connected already.
    pub fn on(socket: TcpStream) -> Self {
        prepare(&socket);
        Self {
            stream: Stream::Plain(socket),
            received: Vec::new(),
        }
    }

    pub(crate) fn over(stream: StreamOwned<ClientConnection, TcpStream>) -> Self {
        Self {
            stream: Stream::Tls(Box::new(stream)),
            received: Vec::new(),
        }
    }

    /// Sends the bytes, all of them. A server that has closed already is told by what it answered, not here.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let _ = self.try_send(bytes.as_ref());
        self
    }

    /// Sends the bytes; fails when the server takes no more.
    pub fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let stream = self.stream();
        stream.write_all(bytes)?;
        stream.flush()
    }

    /// Reads one answer to a request that may have a body.
    pub fn response(&mut self) -> Response {
        self.try_response("GET").expect("an answer to a request")
    }

    /// Reads one answer to a request with this method; `None` when the server closed before its head was complete.
    pub fn try_response(&mut self, method: &str) -> Option<Response> {
        loop {
            if let Some((response, length)) = Response::parse(&self.received, method, false) {
                self.received.drain(..length);
                return Some(response);
            }
            if !self.read_more() {
                let (response, _) = Response::parse(&self.received, method, true)?;
                self.received.clear();
                return Some(response);
            }
        }
    }

    /// Sends a request and reads its answer.
    pub fn exchange(&mut self, request: impl AsRef<[u8]>) -> Response {
        self.send(request).response()
    }

    /// Reads exactly so many bytes.
    pub fn read_exact(&mut self, count: usize) -> Vec<u8> {
        while self.received.len() < count {
            assert!(
                self.read_more(),
                "closed after {} bytes of {count}",
                self.received.len()
            );
        }
        self.received.drain(..count).collect()
    }

    /// Reads until the server closes; what it sent since the last answer.
    pub fn rest(&mut self) -> Vec<u8> {
        while self.read_more() {}
        std::mem::take(&mut self.received)
    }

    /// Reads what is there, without waiting, and forgets it; fails once the server has closed.
    pub fn discard(&mut self) -> io::Result<()> {
        self.socket().set_nonblocking(true)?;
        let outcome = self.discard_waiting();
        self.socket().set_nonblocking(false)?;
        self.received.clear();
        outcome
    }

    fn discard_waiting(&mut self) -> io::Result<()> {
        let mut part = [0; 16 * 1024];
        loop {
            match self.stream().read(&mut part) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether the server closes the connection without another byte.
    pub fn is_closed(&mut self) -> bool {
        self.received.is_empty() && !self.read_more()
    }

    /// Tells the server that nothing more will be sent. One that has reset the connection needs no telling.
    pub fn finish(&mut self) -> &mut Self {
        match self.socket().shutdown(Shutdown::Write) {
            Err(error) if error.kind() != ErrorKind::NotConnected => {
                panic!("a socket that can't be half closed: {error}")
            }
            _ => self,
        }
    }

    /// The socket, for its options and its local address.
    pub fn socket(&self) -> &TcpStream {
        match &self.stream {
            Stream::Plain(socket) => socket,
            Stream::Tls(stream) => &stream.sock,
        }
    }

    /// The TLS session, if there is one.
    pub fn session(&self) -> Option<&ClientConnection> {
        match &self.stream {
            Stream::Plain(_) => None,
            Stream::Tls(stream) => Some(&stream.conn),
        }
    }

    fn stream(&mut self) -> &mut dyn ReadWrite {
        match &mut self.stream {
            Stream::Plain(socket) => socket,
            Stream::Tls(stream) => stream.as_mut(),
        }
    }

    /// False at the end of the stream, also when it was reset. A server that stays silent fails the test.
    fn read_more(&mut self) -> bool {
        let mut part = [0; 16 * 1024];
        match self.stream().read(&mut part) {
            Ok(count) => {
                self.received.extend_from_slice(&part[..count]);
                count > 0
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("the server neither answered nor closed within {PATIENCE:?}")
            }
            Err(_) => false,
        }
    }
}

trait ReadWrite: Read + Write {}

impl<T: Read + Write> ReadWrite for T {}

pub(crate) fn prepare(socket: &TcpStream) {
    socket
        .set_read_timeout(Some(PATIENCE))
        .expect("a read timeout");
    socket.set_nodelay(true).expect("no delay");
}
