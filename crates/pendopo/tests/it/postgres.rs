//! The real binary on Debian's PostgreSQL.

mod commands;
mod durability;
mod house;
mod replica;
mod secrets;
mod together;
mod waiting;
