//! The behaviour that every adapter must show.
