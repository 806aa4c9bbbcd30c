//! Tests of the adapter against Debian's Redis: the contract of the ports, losses of every kind, TLS, sentinels, a cluster.
#![cfg(test)]

mod addresses;
mod bad_way;
mod bans;
mod contract;
mod endings;
mod house;
mod levels;
mod losses;
mod model;
mod near;
mod person;
mod trail;
