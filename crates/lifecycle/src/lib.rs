//! The life of a process: bind first, run named tasks, wait for what is away, say when ready, drain, end.

pub mod bound;
pub mod facts;
pub mod listen;
pub mod password;
pub mod pauses;
pub mod readiness;
pub mod rest;
pub mod sandbox;
pub mod shutdown;
pub mod tasks;
pub mod watchdog;

pub use bound::Bound;
pub use facts::Facts;
pub use listen::{BindError, Listeners, notice_death};
pub use password::Password;
pub use pauses::Pauses;
pub use readiness::{Part, Readiness};
pub use rest::Rest;
pub use shutdown::{Shutdown, Trigger};
pub use tasks::Tasks;
pub use watchdog::Watchdog;
