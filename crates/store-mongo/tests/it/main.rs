//! Messages and the audit trail in MongoDB, through the ports: the contract, losses, restarts, and two that move the same.
#![cfg(test)]

mod contract;
mod hand;
mod house;
mod losses;
mod moves;
mod starts;
mod tampering;
