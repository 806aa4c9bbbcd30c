//! Loopback servers and clients, and a throw-away certificate authority for tests. Knows none of the project's crates.
//!
//! Everything here fails by panicking with what was expected: a test that can't connect has failed.

pub mod acme_double;
pub mod authority;
pub mod backend;
pub mod buckets;
pub mod cable;
mod daemon;
pub mod forwarder;
pub mod frames;
pub mod http2;
pub mod mongo;
pub mod names;
pub mod pebble;
pub mod postgres;
pub mod raw;
pub mod redis;
pub mod response;
pub mod tls;
pub mod wait;

pub use acme_double::{AcmeDouble, Call, Reply};
pub use authority::Authority;
pub use backend::{Asked, Backend, Then};
pub use buckets::Buckets;
pub use cable::Cable;
pub use daemon::{Daemon, Program, free};
pub use forwarder::Forwarder;
pub use http2::Http2;
pub use names::Names;
pub use pebble::Pebble;
pub use raw::Raw;
pub use response::Response;
pub use tls::Trust;
pub use wait::eventually;
