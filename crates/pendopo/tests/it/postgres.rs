//! The real binary on Debian's PostgreSQL.

mod house;
mod waiting;
