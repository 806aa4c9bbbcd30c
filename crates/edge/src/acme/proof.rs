//! The proof that a certificate is really served: a handshake with our own listener.

use rustls::pki_types::CertificateDer;

use super::failure::Failure;
use crate::tls::{self, OwnListener};

/// Shakes hands as a client that asks for the name, and is content with exactly this leaf.
pub(crate) async fn is_served(
    leaf: &CertificateDer<'_>,
    name: &str,
    listener: OwnListener,
) -> Result<(), Failure> {
    let address = listener.address;
    let fault = |error: &dyn std::fmt::Display| {
        let text = format!(
            "a handshake with {address} does not show the new certificate for `{name}`: {error}"
        );
        Failure::new(text)
    };
    let shown = tls::look(listener, Some(name)).await;
    if shown.map_err(|error| fault(&error))?.leaf == *leaf {
        Ok(())
    } else {
        Err(fault(&"another certificate is shown"))
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Arc;

    use testkit::Authority;
    use tokio::net::TcpListener;

    use super::*;
    use crate::config::Config;
    use crate::tls::{Certificates, Notice, Served, accept};

    fn issue() -> Arc<Served> {
        let directory = tempfile::tempdir().unwrap();
        let (certificate, key) = Authority::default().issue(directory.path(), &["a.example"]);
        Arc::new(Served::read(&certificate, &key).unwrap())
    }

    /// How the proof of this certificate goes where that one is served.
    async fn prove(wanted: &Served, served: Arc<Served>) -> Result<(), Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let certificates = Certificates::new(None, None, Notice::default()).unwrap();
        certificates.serve([served]);
        let serve = async {
            let (socket, _) = listener.accept().await.unwrap();
            accept(&certificates, socket).await
        };
        let leaf = wanted.key.cert[0].clone();
        let (proof, _) = tokio::join!(asked(&leaf, address), serve);
        proof
    }

    async fn asked(leaf: &CertificateDer<'_>, address: SocketAddr) -> Result<(), Failure> {
        let listener = OwnListener::new(address, &Config::default());
        is_served(leaf, "a.example", listener).await
    }

    #[tokio::test(flavor = "current_thread")]
    async fn only_the_very_certificate_is_a_proof() {
        let (one, other) = (issue(), issue());
        prove(&one, Arc::clone(&one)).await.unwrap();
        let told = prove(&other, Arc::clone(&one)).await.unwrap_err().text;
        assert!(told.contains("another certificate is shown"), "{told}");
        let nobody = testkit::free();
        let told = asked(&one.key.cert[0], nobody).await.unwrap_err().text;
        assert!(told.contains("`a.example`: Connection refused"), "{told}");
    }
}
