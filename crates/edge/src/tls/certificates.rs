//! The certificates in force, and which of them a client is shown; a new one takes effect with the next handshake.

use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use lifecycle::Facts;
use prometheus_client::metrics::gauge::Gauge;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::{
    ClientHello, NoServerSessionStorage, ResolvesServerCert, ResolvesServerCertUsingSni,
};
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use super::{Leaves, Names, Served, Source, TlsError};

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

/// Where it is told which certificates are in force.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notice {
    pub(crate) facts: Facts,
    /// The end of the certificate that ends first, in seconds of Unix time.
    pub(crate) expires: Gauge,
    /// How many pairs of the operator's own can't be used as they stand in their files.
    pub(crate) faults: Gauge,
}

impl Notice {
    /// Of several certificates, the names are told together, and the rest of the one that ends first.
    fn tell(&self, all: &[Arc<Offer>]) {
        let served = all.iter().map(|offer| &offer.served);
        let Some(first) = served.clone().min_by_key(|served| served.said.not_after) else {
            return;
        };
        self.expires.set(first.said.not_after.as_second());
        let source = match first.source {
            Source::Own => "own",
            Source::Local => "local",
            Source::Fetched => "fetched",
        };
        let names: Vec<_> = served.flat_map(|served| served.names.texts()).collect();
        let state = |name, value: String| self.facts.state("edge", name, value);
        state("certificate", source.to_owned());
        state("certificate issuer", first.said.issuer.clone());
        state("certificate names", names.join(", "));
        state("certificate expires", first.said.not_after.to_string());
    }

    /// Tells what is wrong with the operator's files; nothing, as a rule.
    pub(super) fn tell_faults(&self, faults: &[&str]) {
        self.faults
            .set(i64::try_from(faults.len()).unwrap_or(i64::MAX));
        let text = if faults.is_empty() {
            "none".to_owned()
        } else {
            faults.join("; ")
        };
        self.facts.state("edge", "certificate fault", text);
    }
}

/// The real ones for the names that they cover, and the local one for all others.
#[derive(Debug)]
pub(crate) struct Certificates {
    base: ServerConfig,
    /// The names that are served beside those of the real certificates; a client that asks for another one is refused.
    /// `None` refuses nobody.
    known: ArcSwapOption<Names>,
    /// There while certificates are fetched.
    proofs: Option<Box<dyn Proofs>>,
    pub(super) notice: Notice,
    /// The operator's own, in their order; or the fetched one; or none yet.
    real: ArcSwap<Vec<Arc<Offer>>>,
    local: ArcSwapOption<Local>,
}

/// What the local authority has signed.
#[derive(Debug)]
struct Local {
    /// For a client that asks for no name.
    whole: Arc<Offer>,
    named: Arc<Offer>,
}

impl Certificates {
    pub(crate) fn new(
        known: Option<Names>,
        proofs: Option<Box<dyn Proofs>>,
        notice: Notice,
    ) -> Result<Self, TlsError> {
        Ok(Self {
            base: base()?,
            known: ArcSwapOption::new(known.map(Arc::new)),
            proofs,
            notice,
            real: ArcSwap::default(),
            local: ArcSwapOption::empty(),
        })
    }

    /// From now on, these names are served beside those of the real certificates.
    pub(crate) fn know(&self, names: Names) {
        self.known.store(Some(Arc::new(names)));
    }

    /// Tells which of the names no real certificate stands for.
    pub(crate) fn warn_of(&self, domains: &[String]) {
        for domain in domains {
            if !self.has_real_for(domain) {
                tracing::warn!("no certificate of `edge.tls` stands for `{domain}`");
            }
        }
    }

    /// From now on, each certificate for the names that it covers: the operator's own, or a fetched one.
    pub(crate) fn serve(&self, all: impl IntoIterator<Item = Arc<Served>>) {
        let offers = all.into_iter().map(|served| self.offer(served));
        let offers: Vec<_> = offers.map(Arc::new).collect();
        self.notice.tell(&offers);
        self.real.store(Arc::new(offers));
    }

    /// From now on, the certificates for every other name.
    pub(crate) fn serve_locally(&self, leaves: Leaves) {
        let [whole, named] =
            [leaves.whole, leaves.named].map(|served| Arc::new(self.offer(Arc::new(served))));
        if self.real.load().is_empty() {
            self.notice.tell(std::slice::from_ref(&whole));
        }
        self.local.store(Some(Arc::new(Local { whole, named })));
    }

    /// The real certificate that comes first, once there is one.
    pub(crate) fn real(&self) -> Option<Arc<Served>> {
        let real = self.real.load();
        real.first().map(|offer| Arc::clone(&offer.served))
    }

    /// Whether a real certificate stands for this name.
    pub(crate) fn has_real_for(&self, name: &str) -> bool {
        covering(&self.real.load(), name).is_some()
    }

    /// What a client is shown that asks for this name, or for none; `None` for a name that is not served.
    pub(crate) fn choose(&self, server_name: Option<&str>) -> Option<Arc<Offer>> {
        let real = self.real.load();
        let local = self.local.load();
        let Some(name) = server_name else {
            let whole = || local.as_ref().map(|local| Arc::clone(&local.whole));
            return real.first().cloned().or_else(whole);
        };
        if let Some(offer) = covering(&real, name) {
            return Some(Arc::clone(offer));
        }
        let known = self.known.load();
        let is_known = known.as_ref().is_none_or(|known| known.cover(name));
        let local = local.as_ref().map(|local| Arc::clone(&local.named));
        let other = local.or_else(|| real.first().cloned());
        // A certificate without any name was made for whoever comes.
        let nameless = real.iter().find(|offer| offer.served.names.is_empty());
        other.filter(|_| is_known).or_else(|| nameless.cloned())
    }

    /// The settings for an authority that asks for a proof in a handshake; `None` for anyone else.
    pub(crate) fn proof(&self, hello: &ClientHello<'_>) -> Option<Arc<ServerConfig>> {
        self.proofs.as_ref()?.handshake(hello)
    }

    fn offer(&self, served: Arc<Served>) -> Offer {
        Offer {
            config: showing(&self.base, (*served.key).clone()),
            served,
        }
    }
}

/// The first that lists the name as it is, else the first that covers it.
fn covering<'a>(all: &'a [Arc<Offer>], name: &str) -> Option<&'a Arc<Offer>> {
    all.iter()
        .find(|offer| offer.served.names.list(name))
        .or_else(|| all.iter().find(|offer| offer.served.names.cover(name)))
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
