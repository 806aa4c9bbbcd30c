//! A client's connections: plain or over TLS, spread over the addresses of the loopback, one request at a time.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use socket2::{Domain, Socket, Type};

/// Connections come from so many addresses, so that none runs out of ports.
const SOURCES: usize = 16;

/// Whoever does not answer within this time fails the run.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which key exchange a TLS handshake offers.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Exchange {
    /// X25519, which everybody speaks
    Classic,
    /// X25519 with ML-KEM-768 first, as browsers do
    Hybrid,
}

/// Opens connections to one server.
pub(crate) struct Dialer {
    address: SocketAddr,
    tls: Option<Arc<ClientConfig>>,
}

/// One connection.
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    /// What the server showed, where it spoke TLS.
    leaf: Option<CertificateDer<'static>>,
    buffer: Vec<u8>,
}

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

impl Dialer {
    /// Over TLS where an authority is given, without resuming sessions.
    pub(crate) fn new(
        address: SocketAddr,
        authority: Option<&Path>,
        exchange: Exchange,
    ) -> Result<Self> {
        let tls = authority.map(|authority| tls(authority, exchange).map(Arc::new));
        Ok(Self {
            address,
            tls: tls.transpose()?,
        })
    }

    /// The `nth` connection, which has shaken hands.
    pub(crate) fn connect(&self, nth: usize) -> Result<Connection> {
        let socket = self.socket(nth)?;
        let (stream, leaf): (Box<dyn Stream>, _) = match &self.tls {
            None => (Box::new(socket), None),
            Some(tls) => {
                let session =
                    ClientConnection::new(Arc::clone(tls), ServerName::try_from("localhost")?)?;
                let mut stream = StreamOwned::new(session, socket);
                while stream.conn.is_handshaking() {
                    stream.conn.complete_io(&mut stream.sock)?;
                }
                let shown = stream.conn.peer_certificates();
                let leaf = shown.and_then(|chain| Some(chain.first()?.clone().into_owned()));
                (Box::new(stream), leaf)
            }
        };
        Ok(Connection {
            stream,
            leaf,
            buffer: Vec::new(),
        })
    }

    fn socket(&self, nth: usize) -> Result<TcpStream> {
        let socket = Socket::new(Domain::for_address(self.address), Type::STREAM, None)?;
        if self.address.ip() == IpAddr::V4(Ipv4Addr::LOCALHOST) {
            let last = u8::try_from(1 + nth % SOURCES)?;
            socket.set_reuse_address(true)?;
            socket.bind(&SocketAddr::from(([127, 0, 0, last], 0)).into())?;
        }
        socket.connect(&self.address.into())?;
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(stream)
    }
}

/// Trusts the authority, and resumes no session.
pub(crate) fn tls(authority: &Path, exchange: Exchange) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(authority)? {
        roots.add(certificate?)?;
    }
    let mut provider = default_provider();
    if exchange == Exchange::Classic {
        provider.kx_groups = vec![kx_group::X25519];
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(config)
}

impl Connection {
    /// The certificate that the server showed.
    pub(crate) fn leaf(&self) -> Option<&CertificateDer<'static>> {
        self.leaf.as_ref()
    }

    /// Asks for a path and reads the whole answer, which must be good and say how long it is.
    pub(crate) fn get(&mut self, path: &str) -> Result<()> {
        write!(
            self.stream,
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: rig\r\n\r\n"
        )?;
        self.buffer.clear();
        let head = loop {
            self.read()?;
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end;
            }
        };
        let text =
            std::str::from_utf8(&self.buffer[..head]).context("an answer's head is no text")?;
        ensure!(text.starts_with("HTTP/1.1 200"), "it answered: {text}");
        let whole = head + 4 + length(text)?;
        while self.buffer.len() < whole {
            self.read()?;
        }
        Ok(())
    }

    fn read(&mut self) -> Result<()> {
        let mut part = [0; 16 * 1024];
        match self.stream.read(&mut part)? {
            0 => bail!("the connection was closed"),
            count => self.buffer.extend_from_slice(&part[..count]),
        }
        Ok(())
    }
}

fn length(head: &str) -> Result<usize> {
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    let length = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let (_, length) = length.context("an answer does not say how long it is")?;
    Ok(length.trim().parse()?)
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|window| window == word)
}
