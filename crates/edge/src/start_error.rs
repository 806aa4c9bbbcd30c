//! Why the edge can't start, whichever part of it found out.

use std::io;
use std::path::PathBuf;

use lifecycle::BindError;
use thiserror::Error;

use crate::access_log::LogError;
use crate::config::RouteFault;
use crate::tls::TlsError;
use crate::upstream::TrustError;

/// Why the edge can't start, and what to do.
#[derive(Debug, Error)]
pub enum StartError {
    /// An address can't be had.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// There is no certificate to serve.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Certificates are to come from elsewhere than they did.
    #[error(
        "`edge.tls` or `edge.acme.directory`: between certificates of your own, fetched ones and the server's takes a restart, which `pendopo serve --takeover` makes without a gap"
    )]
    OtherSource,
    /// The access log can't be written.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The operating system has no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
    /// The process's limits can't be had.
    #[error("can't prepare for connections: {0}")]
    Descriptors(#[source] io::Error),
    /// A site or an upstream is wrong.
    #[error(transparent)]
    Route(#[from] RouteFault),
    /// A site's folder can't be opened.
    #[error("`edge.site`: the folder `{}` can't be opened: {}", .0.display(), .1)]
    Folder(PathBuf, #[source] io::Error),
    /// Some sites go to Pendopo's own pages, which are not there.
    #[error(
        "there is nobody to hand requests to: name an `[[edge.upstream]]` in each `[[edge.site]]`, or start the role `web` as well"
    )]
    NoWeb,
    /// Targets that speak TLS can't be believed.
    #[error("`edge.upstream`: {0}")]
    Trust(#[from] TrustError),
    /// Both listeners are off.
    #[error(
        "`edge.http` and `edge.https` are both off: set one of them, or leave out the role `edge`"
    )]
    NoListener,
}
