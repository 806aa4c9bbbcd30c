//! The words of `pendopo ban`.

use std::time::Duration;

use clap::{Args, Subcommand};
use traffic::Network;
use traffic::ban::{parse_length, parse_reason};

#[derive(Debug, Subcommand)]
pub(crate) enum BanCommand {
    /// Refuse whoever comes from a network; every edge that shares the bans does so within a second
    Add(NewBan),
    /// List the bans in force, in the order of their networks
    List,
    /// Let whoever comes from a network in again
    Remove {
        /// The network, as listed
        network: Network,
    },
}

#[derive(Debug, Args)]
pub(crate) struct NewBan {
    /// An address or a network, such as `203.0.113.7`, `203.0.113.0/24` or `2001:db8:1:2::/64`; where it is banned already,
    /// the new ban takes the place of the old one
    pub(crate) network: Network,
    /// How long, such as `30m`, `4h`, `7d` or `2w` [default: for good]
    #[arg(long = "for", value_name = "TIME", value_parser = parse_length)]
    pub(crate) length: Option<Duration>,
    /// Why, for whoever reads the list later; at most 200 characters
    #[arg(long, value_name = "TEXT", value_parser = parse_reason, default_value = "", hide_default_value = true)]
    pub(crate) reason: String,
    /// Ban also this machine, trusted proxies, and gateways behind which everybody may stand
    #[arg(long)]
    pub(crate) force: bool,
}
