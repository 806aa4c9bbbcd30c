//! One connection, whatever kind of server it leads to, and how it is made.

use std::io;
use std::path::Path;
use std::time::Duration;

use lifecycle::Password;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, Cmd, ConnectionAddr, ConnectionInfo,
    IntoConnectionInfo, Pipeline, RedisConnectionInfo, RedisFuture, RedisResult, TlsCertificates,
    TlsMode, Value,
};
use secrecy::{ExposeSecret, SecretString};

use crate::address::{Address, Kind, Tls};

/// The time for a connection with its handshakes.
pub(crate) const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// A server that is silent for longer is taken to be away.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// Many may ask over one at a time; cheap to clone.
#[derive(Clone)]
pub(crate) enum Connection {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// Which server, and what proves to it who we are.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) address: Address,
    pub(crate) password: Password,
}

impl Server {
    pub(crate) async fn connect(&self) -> RedisResult<Connection> {
        if self.address.kind == Kind::Cluster {
            return cluster(&self.settings()?).await;
        }
        let client = self.client().await?;
        let config = config();
        let made = client.get_multiplexed_async_connection_with_config(&config);
        made.await.map(Connection::One)
    }

    /// To the server that is in charge; of a cluster, to a node that answers.
    pub(crate) async fn client(&self) -> RedisResult<Client> {
        let settings = self.settings()?;
        match &self.address.kind {
            Kind::One => settings.client(0),
            Kind::Sentinel(service) => sentinels(service, &settings)?.async_get_client().await,
            Kind::Cluster => settings.any_node().await,
        }
    }

    /// The password's and the certificates' files are read anew each time: they may have been replaced.
    fn settings(&self) -> RedisResult<Settings<'_>> {
        let tls = self.address.tls.as_ref();
        Ok(Settings {
            address: &self.address,
            password: self.password.read()?,
            certificates: tls.map(certificates).transpose()?,
        })
    }
}

struct Settings<'a> {
    address: &'a Address,
    password: Option<SecretString>,
    certificates: Option<TlsCertificates>,
}

impl Settings<'_> {
    fn addresses(&self) -> impl Iterator<Item = ConnectionAddr> {
        self.address.hosts.iter().map(|(host, port)| {
            let (host, port) = (host.clone(), *port);
            match self.certificates {
                None => ConnectionAddr::Tcp(host, port),
                Some(_) => ConnectionAddr::TcpTls {
                    host,
                    port,
                    insecure: false,
                    tls_params: None,
                },
            }
        })
    }

    fn redis(&self) -> RedisConnectionInfo {
        let mut redis = RedisConnectionInfo::default().set_db(self.address.database);
        if let Some(user) = &self.address.user {
            redis = redis.set_username(user);
        }
        if let Some(password) = &self.password {
            redis = redis.set_password(password.expose_secret());
        }
        redis
    }

    fn infos(&self) -> RedisResult<Vec<ConnectionInfo>> {
        let each = self.addresses().map(|address| {
            let info = address.into_connection_info()?;
            Ok(info.set_redis_settings(self.redis()))
        });
        each.collect()
    }

    /// To the server of this place in the address.
    fn client(&self, place: usize) -> RedisResult<Client> {
        let info = self.infos()?.swap_remove(place);
        match &self.certificates {
            None => Client::open(info),
            Some(certificates) => Client::build_with_tls(info, certificates.clone()),
        }
    }

    async fn any_node(&self) -> RedisResult<Client> {
        let mut last = None;
        for place in 0..self.address.hosts.len() {
            let client = self.client(place)?;
            match client
                .get_multiplexed_async_connection_with_config(&config())
                .await
            {
                Ok(_) => return Ok(client),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| io::Error::other("the address names no host").into()))
    }
}

fn config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_WITHIN))
        .set_response_timeout(Some(ANSWER_WITHIN))
}

/// Those who know which server is in charge now: a connection that breaks in a failover is made anew, to whoever is in
/// charge then.
fn sentinels(service: &str, settings: &Settings<'_>) -> RedisResult<SentinelClient> {
    let kind = SentinelServerType::Master;
    let mut builder = SentinelClientBuilder::new(settings.addresses(), service, kind)?
        .set_client_to_redis_db(settings.address.database);
    if let Some(user) = &settings.address.user {
        builder = builder.set_client_to_redis_username(user);
    }
    if let Some(password) = &settings.password {
        builder = builder.set_client_to_redis_password(password.expose_secret());
    }
    if let Some(certificates) = &settings.certificates {
        builder = builder
            .set_client_to_redis_tls_mode(TlsMode::Secure)
            .set_client_to_redis_certificates(certificates.clone())
            .set_client_to_sentinel_tls_mode(TlsMode::Secure)
            .set_client_to_sentinel_certificates(certificates.clone());
    }
    builder.build()
}

/// The driver may send a command again; what writes knows by a ticket what it has done.
async fn cluster(settings: &Settings<'_>) -> RedisResult<Connection> {
    let mut builder = ClusterClient::builder(settings.infos()?)
        .connection_timeout(CONNECT_WITHIN)
        .response_timeout(ANSWER_WITHIN);
    if let Some(certificates) = &settings.certificates {
        builder = builder.tls(TlsMode::Secure).certs(certificates.clone());
    }
    let client = builder.build()?;
    client.get_async_connection().await.map(Connection::Cluster)
}

fn certificates(tls: &Tls) -> io::Result<TlsCertificates> {
    let own = tls.own.as_ref().map(|(certificate, key)| {
        Ok::<_, io::Error>(ClientTlsConfig {
            client_cert: read(certificate)?,
            client_key: read(key)?,
        })
    });
    Ok(TlsCertificates {
        client_tls: own.transpose()?,
        root_cert: tls.authorities.as_deref().map(read).transpose()?,
    })
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    std::fs::read(file).map_err(|error| {
        let told = format!("can't read {}: {error}", file.display());
        io::Error::new(error.kind(), told)
    })
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::One(connection) => connection.req_packed_command(command),
            Self::Cluster(connection) => connection.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::One(connection) => connection.req_packed_commands(pipeline, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::One(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}
