//! The SQL store through its public door: the ports' contract, and what only SQLite can suffer.
#![cfg(test)]

mod archive;
mod backup;
mod bans;
mod bounds;
mod contract;
mod crash;
mod damage;
mod files;
mod full_disk;
mod model;
mod outbox;
mod person;
mod place;
mod postgres;
mod processes;
mod tampering;
mod views;
