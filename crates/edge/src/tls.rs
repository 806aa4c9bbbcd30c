//! Certificates and the TLS settings of the HTTPS listener.

mod authority;
mod keeper;
mod names;
mod served;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use lifecycle::Facts;
use prometheus_client::metrics::gauge::Gauge;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

use crate::config::TlsConfig;

use authority::Authority;
pub(crate) use keeper::Keeper;
pub(crate) use names::Names;
pub(crate) use served::Served;

/// Why there is no certificate to serve, and what to do.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file can't be read or written.
    #[error("can't use {0}: {1}; make it readable and writable for this user")]
    File(PathBuf, #[source] io::Error),
    /// A file holds something else than it should.
    #[error(
        "{0} holds no {1} that can be used ({2}): put a good one there, or move the file away to have a new one made"
    )]
    Broken(PathBuf, &'static str, String),
    /// A certificate and a key that do not belong together.
    #[error(
        "{0} and {1} do not belong together: put in the key that the certificate was made with"
    )]
    Mismatch(PathBuf, PathBuf),
    /// One of the two files is not set.
    #[error("`edge.tls.certificate` and `edge.tls.key` go together: set both, or neither")]
    Half,
    /// A certificate could not be made.
    #[error("can't make a certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// The cryptography refused.
    #[error("can't set up TLS: {0}")]
    Setup(#[from] rustls::Error),
}

/// The certificate in force; a new one takes effect with the next handshake.
#[derive(Debug)]
pub(crate) struct Certificates {
    current: ArcSwap<Served>,
    notice: Notice,
}

/// Where it is told which certificate is in force.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notice {
    pub(crate) facts: Facts,
    /// The certificate's end, in seconds of Unix time.
    pub(crate) expires: Gauge,
}

impl Notice {
    fn tell(&self, served: &Served) {
        self.expires.set(served.not_after.as_second());
        let issuer = if served.is_real { "own" } else { "local" };
        self.facts.state("edge", "certificate", issuer);
        self.facts
            .state("edge", "certificate names", served.names.texts().join(", "));
        self.facts
            .state("edge", "certificate expires", served.not_after.to_string());
    }
}

impl Certificates {
    pub(crate) fn new(served: Served, notice: Notice) -> Self {
        notice.tell(&served);
        Self {
            current: ArcSwap::from_pointee(served),
            notice,
        }
    }

    pub(crate) fn current(&self) -> Arc<Served> {
        self.current.load_full()
    }

    pub(crate) fn swap(&self, served: Served) {
        self.notice.tell(&served);
        self.current.store(Arc::new(served));
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.load().key))
    }
}

/// What the HTTPS listener works with.
pub(crate) struct Secure {
    pub(crate) certificates: Arc<Certificates>,
    pub(crate) acceptor: TlsAcceptor,
    authority: Option<Authority>,
}

impl Secure {
    /// Reads the operator's certificate, or one by the local authority in the data directory, made if need be.
    pub(crate) fn open(
        config: &TlsConfig,
        data: &Path,
        names: Names,
        notice: Notice,
    ) -> Result<Self, TlsError> {
        let (served, authority) = match (&config.certificate, &config.key) {
            (Some(certificate), Some(key)) => (Served::read(certificate, key)?, None),
            (None, None) => {
                let authority = Authority::new(data.join("tls"), names, Names::of_machine());
                (authority.certificate(Timestamp::now())?, Some(authority))
            }
            _ => return Err(TlsError::Half),
        };
        let certificates = Arc::new(Certificates::new(served, notice));
        let acceptor = TlsAcceptor::from(Arc::new(server_config(Arc::clone(&certificates))?));
        Ok(Self {
            certificates,
            acceptor,
            authority,
        })
    }

    /// Who keeps the local authority's certificate fresh; the operator's own is the operator's to renew.
    pub(crate) fn keeper(&self) -> Option<Keeper> {
        let authority = self.authority.clone()?;
        Some(Keeper {
            authority,
            certificates: Arc::clone(&self.certificates),
        })
    }
}

/// TLS 1.2 and 1.3, HTTP/2 before HTTP/1.1, sessions resumed by tickets that outlive a change of certificate.
fn server_config(certificates: Arc<Certificates>) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(config)
}
