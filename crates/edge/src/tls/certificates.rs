//! The certificates in force, and which of them a client is shown; a new one takes effect with the next handshake.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use lifecycle::Facts;
use prometheus_client::metrics::gauge::Gauge;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::{
    ClientHello, NoServerSessionStorage, ResolvesServerCert, ResolvesServerCertUsingSni,
};
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use super::{Names, Served, Source, TlsError};

/// Handshakes that are no visitor's: an authority asks in them for a proof.
pub(crate) trait Proofs: std::fmt::Debug + Send + Sync {
    /// The settings for such a handshake; `None` for anyone else's.
    fn handshake(&self, hello: &ClientHello<'_>) -> Option<Arc<ServerConfig>>;
}

/// A certificate with the settings of the handshakes that show it.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) served: Arc<Served>,
    pub(crate) config: Arc<ServerConfig>,
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
        let source = match served.source {
            Source::Own => "own",
            Source::Local => "local",
            Source::Fetched => "fetched",
        };
        let state = |name, value: String| self.facts.state("edge", name, value);
        state("certificate", source.to_owned());
        state("certificate issuer", served.issuer.clone());
        state("certificate names", served.names.texts().join(", "));
        state("certificate expires", served.not_after.to_string());
    }
}

/// At most two: the real one for the names that it covers, the local one for all others.
#[derive(Debug)]
pub(crate) struct Certificates {
    base: ServerConfig,
    /// The names that are served; a client that asks for another one is refused. `None` refuses nobody.
    known: Option<Names>,
    /// There while certificates are fetched.
    proofs: Option<Box<dyn Proofs>>,
    notice: Notice,
    real: ArcSwapOption<Offer>,
    local: ArcSwapOption<Offer>,
}

impl Certificates {
    pub(crate) fn new(
        known: Option<Names>,
        proofs: Option<Box<dyn Proofs>>,
        notice: Notice,
    ) -> Result<Self, TlsError> {
        Ok(Self {
            base: base()?,
            known,
            proofs,
            notice,
            real: ArcSwapOption::empty(),
            local: ArcSwapOption::empty(),
        })
    }

    /// From now on, the certificate for the names that it covers: the operator's own, or a fetched one.
    pub(crate) fn serve(&self, served: Served) {
        self.notice.tell(&served);
        self.real.store(Some(Arc::new(self.offer(served))));
    }

    /// From now on, the certificate for every other name.
    pub(crate) fn serve_locally(&self, served: Served) {
        if self.real.load().is_none() {
            self.notice.tell(&served);
        }
        self.local.store(Some(Arc::new(self.offer(served))));
    }

    /// The real certificate, once there is one.
    pub(crate) fn real(&self) -> Option<Arc<Served>> {
        self.real
            .load()
            .as_ref()
            .map(|offer| Arc::clone(&offer.served))
    }

    /// Whether the real certificate stands for this name.
    pub(crate) fn has_real_for(&self, name: &str) -> bool {
        let real = self.real.load();
        real.as_ref()
            .is_some_and(|offer| offer.served.names.cover(name))
    }

    /// What a client is shown that asks for this name, or for none; `None` for a name that is not served.
    pub(crate) fn choose(&self, server_name: Option<&str>) -> Option<Arc<Offer>> {
        let (real, local) = (self.real.load_full(), self.local.load_full());
        let Some(name) = server_name else {
            return real.or(local);
        };
        if let Some(real) = real.as_ref().filter(|offer| offer.served.names.cover(name)) {
            return Some(Arc::clone(real));
        }
        let is_known = self.known.as_ref().is_none_or(|known| known.cover(name));
        local.or(real).filter(|_| is_known)
    }

    /// The settings for an authority that asks for a proof in a handshake; `None` for anyone else.
    pub(crate) fn proof(&self, hello: &ClientHello<'_>) -> Option<Arc<ServerConfig>> {
        self.proofs.as_ref()?.handshake(hello)
    }

    fn offer(&self, served: Served) -> Offer {
        Offer {
            config: showing(&self.base, (*served.key).clone()),
            served: Arc::new(served),
        }
    }
}

/// The settings with this certificate in them; tickets stay good from one certificate to the next.
fn showing(base: &ServerConfig, key: CertifiedKey) -> Arc<ServerConfig> {
    let mut config = base.clone();
    config.cert_resolver = Arc::new(SingleCertAndKey::from(key));
    Arc::new(config)
}

/// The settings of a handshake after which nothing is said.
pub(crate) fn handshake_only(
    resolver: Arc<dyn ResolvesServerCert>,
    protocol: &[u8],
) -> Result<Arc<ServerConfig>, TlsError> {
    let mut config = plain_config(resolver)?;
    config.alpn_protocols = vec![protocol.to_vec()];
    Ok(Arc::new(config))
}

/// TLS 1.2 and 1.3, HTTP/2 before HTTP/1.1, sessions resumed by tickets.
fn base() -> Result<ServerConfig, TlsError> {
    let mut config = plain_config(Arc::new(ResolvesServerCertUsingSni::new()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(config)
}

fn plain_config(resolver: Arc<dyn ResolvesServerCert>) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
    Ok(builder.with_no_client_auth().with_cert_resolver(resolver))
}
