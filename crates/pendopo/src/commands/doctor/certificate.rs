//! The certificate that clients are really served: found out by a handshake.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature,
    verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme};
use school::Timestamp;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::time::ASN1Time;

use super::report::Report;
use super::server::Running;
use crate::config::Config;

const DEADLINE: Duration = Duration::from_secs(5);
/// A certificate that ends sooner, or has less than a quarter of its life left, should have been renewed by now.
const SOON: Duration = Duration::from_hours(14 * 24);

pub(super) fn examine(
    config: &Config,
    running: Option<&Running>,
    now: Timestamp,
    report: &mut Report,
) {
    let Some(running) = running else { return };
    let Some(listener) = running
        .fact("edge", "https listener")
        .and_then(|url| url.strip_prefix("https://"))
    else {
        return report.warn("certificate", "no HTTPS listener is open: passwords travel in the clear unless a proxy in front encrypts");
    };
    match served(listener, config) {
        Ok(certificate) => certificate.grade(now, report),
        Err(error) => report.fail(
            "certificate",
            format!("no handshake with {listener}: {error:#}"),
        ),
    }
    fetching(running, report);
    if let Some(fault) = running
        .fact("edge", "certificate fault")
        .filter(|fault| *fault != "none")
    {
        report.fail(
            "own files",
            format!("{fault}; until then the last good one serves"),
        );
    }
}

/// How the next certificate is come by, where one is fetched.
fn fetching(running: &Running, report: &mut Report) {
    let fact = |name| running.fact("edge", name);
    let Some(next) = fact("certificate next attempt") else {
        return;
    };
    match fact("certificate last error").filter(|error| *error != "none") {
        Some(error) => report.warn("renewal", format!("{error}; the next attempt is at {next}")),
        None => report.good("renewal", format!("at {next}")),
    }
}

/// What a handshake showed.
struct Served {
    subject: String,
    issuer: String,
    names: String,
    starts: Timestamp,
    ends: Timestamp,
    version: String,
}

impl Served {
    fn grade(&self, now: Timestamp, report: &mut Report) {
        let subject = if self.subject.is_empty() {
            String::new()
        } else {
            format!("{}, ", self.subject)
        };
        let text = format!(
            "{subject}for {}; from {}; until {}; {}",
            self.names, self.issuer, self.ends, self.version
        );
        if self.ends <= now {
            report.fail("certificate", format!("has ended: {text}"));
        } else if self.ends.since(now) < SOON.min(self.ends.since(self.starts) / 4) {
            report.warn("certificate", format!("ends soon: {text}"));
        } else {
            report.good("certificate", text);
        }
    }
}

fn served(listener: &str, config: &Config) -> Result<Served> {
    let mut address: SocketAddr = listener.parse().context("the listener's address")?;
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            [127, 0, 0, 1].into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    let domain = config.domains.first();
    let name = domain.cloned().unwrap_or_else(|| address.ip().to_string());
    let mut session = ClientConnection::new(Arc::new(settings()?), ServerName::try_from(name)?)?;
    let mut stream = TcpStream::connect_timeout(&address, DEADLINE)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    stream.set_write_timeout(Some(DEADLINE))?;
    stream.write_all(config.edge.greeting(address.ip()))?;
    while session.is_handshaking() {
        session.complete_io(&mut stream)?;
    }
    let version = session
        .protocol_version()
        .and_then(|version| version.as_str().map(str::to_owned));
    let leaf = session
        .peer_certificates()
        .and_then(<[_]>::first)
        .context("the server showed no certificate")?;
    describe(leaf, version.unwrap_or_default())
}

fn describe(leaf: &CertificateDer<'_>, version: String) -> Result<Served> {
    let (_, leaf) = X509Certificate::from_der(leaf)
        .map_err(|error| anyhow!("the certificate can't be read: {error}"))?;
    let Some(names) = leaf.subject_alternative_name()? else {
        bail!("the certificate is for no name")
    };
    let names: Vec<String> = names.value.general_names.iter().map(name).collect();
    let time = |time: ASN1Time| Timestamp(time.timestamp().saturating_mul(1_000_000));
    Ok(Served {
        subject: leaf.subject().to_string(),
        issuer: leaf.issuer().to_string(),
        names: names.join(", "),
        starts: time(leaf.validity().not_before),
        ends: time(leaf.validity().not_after),
        version,
    })
}

fn name(name: &x509_parser::extensions::GeneralName<'_>) -> String {
    use x509_parser::extensions::GeneralName;
    match name {
        GeneralName::DNSName(name) => (*name).to_owned(),
        GeneralName::IPAddress(bytes) => match <[u8; 4]>::try_from(*bytes) {
            Ok(four) => std::net::Ipv4Addr::from(four).to_string(),
            Err(_) => <[u8; 16]>::try_from(*bytes).map_or_else(
                |_| "?".to_owned(),
                |six| std::net::Ipv6Addr::from(six).to_string(),
            ),
        },
        other => other.to_string(),
    }
}

fn settings() -> Result<ClientConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let anything = Arc::new(LookOnly::new(&provider));
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(anything)
        .with_no_client_auth())
}

/// Takes any certificate, since this client only looks at it and sends nothing.
#[derive(Debug)]
struct LookOnly(WebPkiSupportedAlgorithms);

impl LookOnly {
    fn new(provider: &CryptoProvider) -> Self {
        Self(provider.signature_verification_algorithms)
    }
}

impl ServerCertVerifier for LookOnly {
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
