//! The real binary: how it starts, serves, ends, and what it says.

#![cfg(test)]

mod backup;
mod bad_start;
mod ban;
mod bucket;
mod certificate;
mod console;
mod doctor;
mod drain;
mod durability;
mod empty_target;
mod floods;
mod full_disk;
mod help;
mod init_secrets;
mod journeys;
mod migrate;
mod mongo;
mod postgres;
mod redis;
mod reload;
mod render;
mod run;
mod sandbox;
mod secrecy;
mod server;
mod slow;
mod start;
mod takeover;
mod watchdog;
