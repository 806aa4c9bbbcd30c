//! The target for hosts and paths.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::routing::read(bytes));
