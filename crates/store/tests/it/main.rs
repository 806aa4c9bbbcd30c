//! The SQL store through its public door: the ports' contract, and what only SQLite can suffer.
#![cfg(test)]

mod contract;
mod model;
mod place;
