//! A certificate authority that lives as long as a test.

use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, CertifiedIssuer, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::CertificateSigningRequestDer;

use crate::tls::Trust;

/// Issues certificates that only this test trusts.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Default for Authority {
    fn default() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, "throw-away authority");
        let key = KeyPair::generate().expect("a key");
        Self {
            issuer: CertifiedIssuer::self_signed(params, key).expect("an authority"),
        }
    }
}

impl Authority {
    /// Writes a certificate for these names, and its key, into the directory; returns both paths.
    pub fn issue(&self, directory: &Path, names: &[&str]) -> (PathBuf, PathBuf) {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let params = CertificateParams::new(names).expect("names");
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let paths = (
            directory.join("certificate.pem"),
            directory.join("certificate.key"),
        );
        std::fs::write(&paths.0, certificate.pem()).expect("a directory that can be written");
        std::fs::write(&paths.1, key.serialize_pem()).expect("a directory that can be written");
        paths
    }

    /// Signs a request in DER as it is; the certificate in PEM, which ends in some thousand years.
    pub fn sign(&self, request: &[u8]) -> String {
        let request = CertificateSigningRequestDer::from(request);
        let request = CertificateSigningRequestParams::from_der(&request);
        let mut request = request.expect("a request for a certificate");
        request.params.use_authority_key_identifier_extension = true;
        let signed = request.signed_by(&self.issuer);
        signed.expect("a certificate").pem()
    }

    /// Writes its own certificate into the directory, for programs that shall trust it; returns the path.
    pub fn root(&self, directory: &Path) -> PathBuf {
        let path = directory.join("root.pem");
        std::fs::write(&path, self.issuer.pem()).expect("a directory that can be written");
        path
    }

    /// What a client of its certificates trusts.
    pub fn trust(&self) -> Trust {
        Trust::of(self.issuer.der().clone())
    }
}
