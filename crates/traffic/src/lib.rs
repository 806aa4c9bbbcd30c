//! What roles tell each other about traffic: the access record, the client of a request, and the request limit, alone or shared.

pub mod client;
pub mod limit;
pub mod limit_set;
pub mod limit_table;
pub mod record;
pub mod shared_levels;

pub use client::{Client, RequestId};
pub use limit::{Decision, Delay, MOST_BURST, Policy, Rate};
pub use limit_table::LimitTable;
pub use record::{Line, Record, Texts};
pub use shared_levels::SharedLevels;
