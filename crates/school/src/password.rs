//! Passwords: what makes one good enough, how one is made for somebody else, and how they are hashed.

mod hasher;
mod phc;
mod rules;

pub use hasher::{Hasher, Overloaded};
pub use rules::{LEAST_CHARACTERS, MOST_CHARACTERS, check, one_time_password};
