//! TLS clients that trust one authority and no other.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};

use crate::raw::{self, Raw};

/// An authority that a client trusts.
#[derive(Debug, Clone)]
pub struct Trust {
    roots: Arc<RootCertStore>,
}

impl Trust {
    /// Trusts the authority in this PEM file.
    pub fn read(path: &Path) -> Self {
        Self::of(CertificateDer::from_pem_file(path).expect("a certificate in PEM"))
    }

    pub(crate) fn of(authority: CertificateDer<'static>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(authority).expect("an authority's certificate");
        Self {
            roots: Arc::new(roots),
        }
    }

    /// A client's settings with these protocols, in order of preference.
    pub fn config(&self, alpn: &[&str]) -> ClientConfig {
        self.config_of(alpn, rustls::DEFAULT_VERSIONS)
    }

    /// A client's settings for some versions of TLS only.
    pub fn config_of(
        &self,
        alpn: &[&str],
        versions: &[&'static SupportedProtocolVersion],
    ) -> ClientConfig {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder =
            ClientConfig::builder_with_provider(provider).with_protocol_versions(versions);
        let builder = builder.expect("versions that the provider has");
        let mut config = builder
            .with_root_certificates(Arc::clone(&self.roots))
            .with_no_client_auth();
        config.alpn_protocols = alpn
            .iter()
            .map(|protocol| protocol.as_bytes().to_vec())
            .collect();
        config
    }

    /// Connects as a client of HTTP/1.1 that asks for this name, which may be an address.
    pub fn connect(&self, address: SocketAddr, name: &str) -> Raw {
        connect(self.config(&["http/1.1"]), address, name)
    }
}

/// Connects with these settings; the handshake takes place with the first bytes.
pub fn connect(config: ClientConfig, address: SocketAddr, name: &str) -> Raw {
    let socket = TcpStream::connect(address).expect("a server that listens");
    connect_on(socket, config, name)
}

/// The same on a socket that is connected already.
pub fn connect_on(socket: TcpStream, config: ClientConfig, name: &str) -> Raw {
    let name = ServerName::try_from(name.to_owned()).expect("a server name");
    let session = ClientConnection::new(Arc::new(config), name).expect("a TLS session");
    raw::prepare(&socket);
    Raw::over(StreamOwned::new(session, socket))
}
