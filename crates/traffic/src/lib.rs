//! What roles tell each other about traffic: the access record, the client of a request, the request limit, alone or shared,
//! and the ban.

pub mod ban;
pub mod ban_caution;
#[cfg(feature = "contract")]
pub mod ban_contract;
pub mod ban_list;
pub mod ban_store;
pub mod client;
pub mod limit;
pub mod limit_set;
pub mod limit_table;
pub mod network;
pub mod record;
pub mod shared_levels;

pub use ban::{Ban, MOST_BANS};
pub use ban_list::BanList;
pub use ban_store::{BanError, BanSource, BanStore};
pub use client::{Client, RequestId};
pub use limit::{Decision, Delay, MOST_BURST, Policy, Rate};
pub use limit_table::LimitTable;
pub use network::Network;
pub use record::{Line, Record, Texts};
pub use shared_levels::SharedLevels;
