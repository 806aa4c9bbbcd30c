//! The role `edge`: the front door. It accepts connections, refuses what is malformed or too much,
//! hands each request to whoever serves it, and writes the access log.

mod access_log;
mod acme;
mod admission;
mod body;
pub mod config;
mod connection;
mod connections;
mod descriptors;
mod drain;
mod error;
mod error_page;
mod exchange;
mod files;
mod forward;
mod forwarded;
mod gate;
mod headers;
mod inspection;
mod link;
mod listener;
mod metrics;
mod phases;
mod proxy;
mod pulse;
mod random;
mod redirect;
mod routes;
mod shared;
mod site;
mod sockets;
mod start;
mod tls;
mod transport;
mod upstream;
mod watchdog;

pub use acme::Renewal;
pub use config::Config;
pub use inspection::{Certificate, Fetching, Inspection, inspect};
pub use start::{Body, BoxError, Edge, LocalService, Setup, StartError};
pub use tls::TlsError;
pub use upstream::TrustError;
