//! The real binary on Debian's PostgreSQL.

mod backups;
mod commands;
mod durability;
mod house;
mod killed_copy;
mod moves;
mod replica;
mod secrets;
mod together;
mod waiting;
