//! The store on PostgreSQL, each test with a server of its own.

mod archive;
mod bad_way;
mod bans;
mod contract;
mod copying;
mod groups;
pub(crate) mod house;
mod losses;
mod model;
mod pooled;
mod replicas;
mod starts;
