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
