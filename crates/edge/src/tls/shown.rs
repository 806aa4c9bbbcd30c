//! What a listener really shows: found out by a handshake, as a client that takes any certificate and sends nothing.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Certificate;
use crate::config::Config;

const DEADLINE: Duration = Duration::from_secs(10);

/// What a handshake showed.
#[derive(Debug, Clone)]
pub struct Shown {
    /// What the first certificate of the chain says.
    pub certificate: Certificate,
    /// The version of TLS, such as `TLSv1_3`.
    pub version: String,
    pub(crate) leaf: CertificateDer<'static>,
}

/// Our own HTTPS listener, as it is reached from here.
#[derive(Debug, Clone, Copy)]
pub struct OwnListener {
    pub(crate) address: SocketAddr,
    greeting: &'static [u8],
}

impl OwnListener {
    /// An address that stands for all is reached by loopback.
    pub fn new(listens: SocketAddr, config: &Config) -> Self {
        let ip = match listens.ip() {
            ip if !ip.is_unspecified() => ip,
            ip if ip.is_ipv4() => Ipv4Addr::LOCALHOST.into(),
            _ => Ipv6Addr::LOCALHOST.into(),
        };
        Self {
            address: SocketAddr::new(ip, listens.port()),
            // Whoever connects to an address of his own does so from that address.
            greeting: config.greeting(ip),
        }
    }
}

/// Shakes hands with the listener as a client that asks for the name, or for none. That the server has the
/// certificate's key is verified, and nothing else: not who signed it, nor whether it is for this name.
pub async fn look(listener: OwnListener, name: Option<&str>) -> io::Result<Shown> {
    let address = listener.address;
    let name = match name {
        Some(name) => ServerName::try_from(name.to_owned()).map_err(io::Error::other)?,
        None => ServerName::from(address.ip()),
    };
    let connector = TlsConnector::from(Arc::new(settings().map_err(io::Error::other)?));
    let shake = async {
        let mut socket = TcpStream::connect(address).await?;
        socket.write_all(listener.greeting).await?;
        connector.connect(name, socket).await
    };
    let shaken = tokio::time::timeout(DEADLINE, shake).await;
    let stream = shaken.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
    let session = stream.get_ref().1;
    let version = session.protocol_version();
    let version = version.and_then(|version| version.as_str());
    let leaf = session.peer_certificates().and_then(<[_]>::first);
    let leaf = leaf.ok_or_else(|| io::Error::other("no certificate is shown"))?;
    Ok(Shown {
        certificate: Certificate::read(leaf).map_err(io::Error::other)?,
        version: version.unwrap_or_default().to_owned(),
        leaf: leaf.clone().into_owned(),
    })
}

fn settings() -> Result<ClientConfig, Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Arc::new(Anything(provider.signature_verification_algorithms));
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}

/// Takes any certificate; that the server has its key is verified as ever.
#[derive(Debug)]
struct Anything(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for Anything {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
