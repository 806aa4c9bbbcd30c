//! The edge at a real socket: what it lets in, what it refuses, what it says about it.
#![cfg(test)]

mod access_log;
mod acme;
mod attacks;
mod bans;
mod certificates;
mod compress;
mod descriptors;
mod desync;
mod drain;
mod explained;
mod folder;
mod gate;
mod house;
mod limits;
mod local;
mod metrics;
mod origins;
mod proxy;
mod proxy_protocol;
mod reload;
mod routes;
mod scanners;
mod serving;
