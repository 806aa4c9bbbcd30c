//! What strangers write, thrown at what reads it. The edge's sources are taken in as they are: they are nobody else's
//! to call, so the product need not open them for this.

#![expect(
    dead_code,
    reason = "the edge calls more of its modules than a target does"
)]

#[path = "../../crates/edge/src/authority.rs"]
mod authority;
#[path = "../../crates/edge/src/upstream/own/chunks.rs"]
mod chunks;
#[path = "../../crates/edge/src/forwarded.rs"]
mod forwarded;
#[path = "../../crates/edge/src/upstream/own/head.rs"]
mod head;
#[path = "../../crates/edge/src/hops.rs"]
mod hops;
#[path = "../../crates/edge/src/path.rs"]
mod path;
#[path = "../../crates/edge/src/proxy_protocol.rs"]
mod proxy_protocol;
#[path = "../../crates/edge/src/site.rs"]
mod site;

pub mod answers;
pub mod clients;
mod elements;
pub mod introductions;
pub mod limiter;
pub mod routing;
