//! Proofs that a name leads here: files that every edge on this store can show to the authority.
//!
//! HTTP-01 (RFC 8555 §8.3) is a text at a path; TLS-ALPN-01 (RFC 8737) is a certificate in a handshake of its own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{CertificateParams, CustomExtension, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ClientHello;
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use super::failure::Failure;
use crate::files;
use crate::lease::Held;
use crate::redirect::CHALLENGES;
use crate::tls::{self, Proofs};

/// The protocol that only an authority speaks, and only in a handshake.
const ALPN: &[u8] = b"acme-tls/1";

/// The directory of the proofs.
#[derive(Debug, Clone)]
pub(crate) struct Challenges {
    directory: PathBuf,
}

/// A proof in place; dropping it takes it away.
#[derive(Debug)]
pub(crate) struct Shown(PathBuf);

impl Drop for Shown {
    fn drop(&mut self) {
        // One that stays behind proves nothing to anybody, and goes with the next order.
        let _ = fs::remove_file(&self.0);
    }
}

impl Challenges {
    /// Those in the data directory.
    pub(crate) fn inside(data: &Path) -> Self {
        Self {
            directory: data.join("tls/acme/challenges"),
        }
    }

    /// Makes the directory; what stands in it may be another edge's, under way at this moment.
    pub(crate) fn prepare(&self) -> io::Result<()> {
        files::private_dir(&self.directory)
    }

    /// Takes away what earlier holders of the lease left behind.
    pub(crate) fn clear(&self, held: &Held) -> io::Result<()> {
        held.check()?;
        for entry in fs::read_dir(&self.directory)? {
            fs::remove_file(entry?.path())?;
        }
        Ok(())
    }

    /// What plain HTTP answers at this path, if an authority was told to ask there.
    pub(crate) fn answer(&self, path: &str) -> Option<Vec<u8>> {
        let token = path
            .strip_prefix(CHALLENGES)
            .filter(|token| is_token(token))?;
        files::read(&self.directory.join(format!("http-{token}"))).ok()?
    }

    pub(crate) fn show_text(&self, token: &str, text: &str) -> Result<Shown, Failure> {
        if !is_token(token) {
            return Err(Failure::new("the authority's token is malformed"));
        }
        self.show(&format!("http-{token}"), text)
    }

    /// Makes the certificate that proves a name; `digest` is that of the key authorisation.
    pub(crate) fn show_certificate(&self, domain: &str, digest: &[u8]) -> Result<Shown, Failure> {
        let mut params = CertificateParams::new(vec![domain.to_owned()])?;
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = params.self_signed(&pair)?;
        let both = format!("{}{}", certificate.pem(), pair.serialize_pem());
        self.show(&format!("tls-{}", domain.to_ascii_lowercase()), &both)
    }

    fn show(&self, name: &str, content: &str) -> Result<Shown, Failure> {
        let path = self.directory.join(name);
        files::replace(&path, content.as_bytes(), 0o600)?;
        Ok(Shown(path))
    }
}

impl Proofs for Challenges {
    fn handshake(&self, hello: &ClientHello<'_>) -> Option<Arc<ServerConfig>> {
        let mut protocols = hello.alpn()?;
        if protocols.next() != Some(ALPN) || protocols.next().is_some() {
            return None;
        }
        let name = hello.server_name().filter(|name| is_file_name(name))?;
        let path = self
            .directory
            .join(format!("tls-{}", name.to_ascii_lowercase()));
        let pem = files::read(&path).ok()??;
        tls::handshake_only(Arc::new(SingleCertAndKey::from(proof(&pem)?)), ALPN).ok()
    }
}

/// The pair as it is: rustls's own check of it does not know the extension, which is critical.
fn proof(pem: &[u8]) -> Option<CertifiedKey> {
    let certificate = CertificateDer::from_pem_slice(pem).ok()?;
    let key = PrivateKeyDer::from_pem_slice(pem).ok()?;
    let key = any_supported_type(&key).ok()?;
    Some(CertifiedKey::new(vec![certificate], key))
}

/// base64url (RFC 8555 §8.3), so that no path leads out of the directory.
fn is_token(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=128).contains(&text.len()) && text.bytes().all(is_letter)
}

fn is_file_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    name.len() <= 253 && name.bytes().all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shown_while_it_is_held_and_no_path_leads_elsewhere() {
        let directory = tempfile::tempdir().unwrap();
        let challenges = Challenges::inside(directory.path());
        challenges.prepare().unwrap();
        let path = |token: &str| format!("{CHALLENGES}{token}");
        let shown = challenges.show_text("abc-_9", "abc-_9.thumb").unwrap();
        assert_eq!(challenges.answer(&path("abc-_9")).unwrap(), b"abc-_9.thumb");
        fs::write(directory.path().join("tls/acme/secret"), "x").unwrap();
        for token in [
            "",
            "abc",
            "../secret",
            "/../secret",
            "..%2fsecret",
            "abc-_9/",
        ] {
            assert_eq!(challenges.answer(&path(token)), None, "{token}");
        }
        drop(shown);
        assert_eq!(challenges.answer(&path("abc-_9")), None);
        assert!(challenges.show_text("../x", "y").is_err());
    }
}
