//! Making a connection: the socket, TLS, the sign-in, and what the server tells of itself.

use std::error::Error;
use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

use lifecycle::Password;
use secrecy::ExposeSecret;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::TlsConnect;
use tokio_postgres::{Client, Config, NoTls};
use tracing::debug;

use super::address::{Address, Endpoint, Trust};
use super::connection::{Connection, Durability, Found};
use super::failure::cause;
use super::tls::Handshake;

/// One place must let us in within this time, or the next one is tried.
const WITHIN: Duration = Duration::from_secs(3);
/// A peer that is gone without a word is given up after about this time.
const SILENCE: Duration = Duration::from_secs(10);

/// Asked once on each connection. A pooler connects from a port of its own, or to a socket of its own name.
const GREETING: &str = "SELECT CASE WHEN pg_is_in_recovery() THEN 1 ELSE 0 END, inet_client_port(), \
    current_setting('port'), current_setting('server_encoding'), current_setting('server_version'), \
    current_setting('synchronous_commit'), current_setting('fsync')";

/// A server, and how to get in.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) address: Address,
    pub(super) password: Password,
    /// A replica will do: nothing is written.
    pub(super) only_reads: bool,
}

pub(super) type Cause = Box<dyn Error + Send + Sync>;

impl Server {
    /// The first place that lets us in, and is in charge if it must be.
    pub(super) async fn connect(&self) -> Result<Connection, Cause> {
        let mut told = Vec::new();
        for endpoint in self.address.endpoints() {
            let place = endpoint.to_string();
            let complaint = match timeout(WITHIN, self.try_connect(endpoint)).await {
                Ok(Ok(found)) if found.server.is_replica && !self.only_reads => {
                    "it is a replica, which takes no writes".to_owned()
                }
                Ok(Ok(found)) => return Ok(found),
                Ok(Err(error)) => error.to_string(),
                Err(_) => "it does not answer within 3 s".to_owned(),
            };
            told.push(format!("{place}: {complaint}"));
        }
        Err(told.join("; ").into())
    }

    async fn try_connect(&self, endpoint: Endpoint) -> Result<Connection, Cause> {
        let mut config = self.address.config.clone();
        if let Some(password) = self.password.read()? {
            config.password(password.expose_secret());
        }
        let mut ports = Ports::default();
        let mut is_encrypted = false;
        let client = match &endpoint {
            Endpoint::Tcp(host, port) => {
                let stream = tcp(host, *port).await?;
                ports.own = Some(stream.local_addr()?.port());
                if self.address.trust == Trust::Disable {
                    sign_in(&config, stream, NoTls).await?
                } else {
                    let handshake = Handshake::new(&self.address, host)?;
                    let is_done = handshake.is_done();
                    let client = sign_in(&config, stream, handshake).await?;
                    is_encrypted = is_done.load(Ordering::Relaxed);
                    client
                }
            }
            // A socket of this machine needs no encryption, and servers offer none there.
            Endpoint::Unix(directory, port) => {
                ports.there = *port;
                config.ssl_mode(SslMode::Disable);
                let path = directory.join(format!(".s.PGSQL.{port}"));
                sign_in(&config, UnixStream::connect(path).await?, NoTls).await?
            }
        };
        let found = greet(&client, &endpoint, &ports).await?;
        Ok(Connection::new(
            client,
            Found {
                is_encrypted,
                ..found
            },
        ))
    }
}

/// The client; what it sends and receives is moved until the last who uses it is gone.
async fn sign_in<S, T>(config: &Config, stream: S, tls: T) -> Result<Client, Cause>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: TlsConnect<S>,
    T::Stream: Send + 'static,
{
    let signed_in = config.connect_raw(stream, tls).await;
    let (client, driver) = signed_in.map_err(|error| cause(&error))?;
    tokio::spawn(async move {
        if let Err(error) = driver.await {
            debug!(error = cause(&error), "a connection to the database ended");
        }
    });
    Ok(client)
}

/// The port from which we came, where there are such; else the one in the socket's name.
#[derive(Default)]
struct Ports {
    own: Option<u16>,
    there: u16,
}

async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    let socket = SockRef::from(&stream);
    let probes = TcpKeepalive::new()
        .with_time(SILENCE)
        .with_interval(SILENCE / 3);
    socket.set_tcp_keepalive(&probes.with_retries(3))?;
    socket.set_tcp_user_timeout(Some(SILENCE))?;
    Ok(stream)
}

async fn greet(client: &Client, endpoint: &Endpoint, ports: &Ports) -> Result<Found, Cause> {
    let rows = client
        .query_typed(GREETING, &[])
        .await
        .map_err(|error| cause(&error))?;
    let row = rows.first().ok_or("it does not say who it is")?;
    let text = |column: usize| row.try_get::<_, String>(column);
    let client_port: Option<i32> = row.try_get(1)?;
    let server_port: u16 = text(2)?.parse()?;
    let is_direct = match ports.own {
        Some(own) => client_port == Some(i32::from(own)),
        None => client_port.is_none_or(|port| port < 0) && server_port == ports.there,
    };
    Ok(Found {
        version: text(4)?.split(' ').next().unwrap_or_default().to_owned(),
        encoding: text(3)?,
        place: endpoint.to_string(),
        is_encrypted: false,
        is_direct,
        is_replica: row.try_get::<_, i32>(0)? != 0,
        durability: durability(&text(5)?, &text(6)?),
    })
}

/// By the settings `synchronous_commit` and `fsync`.
fn durability(commit: &str, sync: &str) -> Durability {
    match (commit, sync) {
        (_, "off") => Durability::Never,
        ("off", _) => Durability::OnRequest,
        _ => Durability::Always,
    }
}
