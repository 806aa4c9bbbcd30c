//! What a certificate says of itself.

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::time::ASN1Time;

use super::Names;

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whom it is for by its title, such as `CN=Pendopo`; often empty.
    pub subject: String,
    /// The names and addresses that it stands for.
    pub names: Vec<String>,
    /// Who signed it.
    pub issuer: String,
    /// When it begins.
    pub not_before: Timestamp,
    /// When it ends.
    pub not_after: Timestamp,
}

impl Certificate {
    /// Whether it is good for this name or address, by itself or by a wildcard.
    pub fn stands_for(&self, host: &str) -> bool {
        let mut names = Names::default();
        self.names.iter().for_each(|name| names.add(name));
        names.cover(host)
    }

    /// Fails with a text when the bytes are no certificate.
    pub(super) fn read(leaf: &CertificateDer<'_>) -> Result<Self, String> {
        let parsed = X509Certificate::from_der(leaf).map_err(|error| error.to_string());
        parsed.map(|(_, leaf)| Self::of(&leaf))
    }

    pub(super) fn of(leaf: &X509Certificate<'_>) -> Self {
        let second = |time: ASN1Time| Timestamp::from_second(time.timestamp());
        let validity = leaf.validity();
        Self {
            subject: leaf.subject().to_string(),
            names: Names::of(leaf).texts(),
            issuer: leaf.issuer().to_string(),
            not_before: second(validity.not_before).unwrap_or(Timestamp::MIN),
            not_after: second(validity.not_after).unwrap_or(Timestamp::MAX),
        }
    }
}
