//! Certificates and the TLS settings of the HTTPS listener.

mod accept;
mod authority;
mod certificate;
mod certificates;
mod keeper;
mod names;
mod own;
mod served;
mod shown;

use std::io;
use std::path::PathBuf;

use thiserror::Error;

pub(crate) use accept::accept;
pub(crate) use authority::{Authority, Leaves};
pub use certificate::Certificate;
pub(crate) use certificates::{Certificates, Notice, Proofs, handshake_only};
pub(crate) use keeper::Keeper;
pub(crate) use names::Names;
pub(crate) use own::{Own, Renewed};
pub(crate) use served::{Served, Source};
pub use shown::{OwnListener, Shown, look};

/// Why there is no certificate to serve, and what to do.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file can't be read or written.
    #[error("can't use {0}: {1}; make it readable and writable for this user")]
    File(PathBuf, #[source] io::Error),
    /// A file holds something else than it should.
    #[error(
        "{0} holds no {1} that can be used ({2}): put a good one there; of the server's own files in `tls/`, move the file away to have a new one made"
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
