//! The proof that a certificate is really served: a handshake with our own listener.

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

use super::failure::Failure;
use crate::config::Config;

const DEADLINE: Duration = Duration::from_secs(10);

/// Shakes hands as a client that asks for the name, and is content with exactly this leaf.
pub(crate) async fn is_served(
    leaf: CertificateDer<'static>,
    name: &str,
    listener: Listener,
) -> Result<(), Failure> {
    let address = listener.address;
    let fault = |error: &dyn std::fmt::Display| {
        let text = format!(
            "a handshake with {address} does not show the new certificate for `{name}`: {error}"
        );
        Failure::new(text)
    };
    let connector = TlsConnector::from(Arc::new(settings(leaf).map_err(|error| fault(&error))?));
    let server_name = ServerName::try_from(name.to_owned()).map_err(|error| fault(&error))?;
    let shake = async {
        let mut socket = TcpStream::connect(address).await?;
        socket.write_all(listener.greeting).await?;
        connector.connect(server_name, socket).await
    };
    match tokio::time::timeout(DEADLINE, shake).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(fault(&error)),
        Err(_) => Err(fault(&"it takes too long")),
    }
}

/// Our own HTTPS listener, as it is reached from here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listener {
    address: SocketAddr,
    greeting: &'static [u8],
}

impl Listener {
    /// An address that stands for all is reached by loopback.
    pub(crate) fn new(listens: SocketAddr, config: &Config) -> Self {
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

fn settings(leaf: CertificateDer<'static>) -> Result<ClientConfig, Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Arc::new(Exactly {
        leaf,
        algorithms: provider.signature_verification_algorithms,
    });
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}

/// Takes one certificate, whoever signed it; that the server has its key is verified as ever.
#[derive(Debug)]
struct Exactly {
    leaf: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Exactly {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *shown == self.leaf {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::General("another certificate is shown".to_owned()))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
