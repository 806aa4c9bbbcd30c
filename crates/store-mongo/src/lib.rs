//! Messages and the audit trail in MongoDB.
//!
//! A write is a unit of work of the records, as it is without MongoDB: the row, the audit entry and the remembered request
//! are committed together, and only then answered. A *keeper* then moves messages and entries to the server, with majority
//! write concern, and lets them leave the records. Whoever reads is given both: first what the records still hold, then
//! what the server has; in this order nothing that is moved meanwhile is missed, and numbers show what came twice.

mod address;
mod failure;
mod keeper;
mod link;
mod messages;
mod set_aside;
mod trail;

pub use address::Address;
pub use keeper::OpenError;
pub use link::{Options, Status};
pub use messages::Messages;
pub use set_aside::{Kept, set_aside};
pub use trail::Trail;
