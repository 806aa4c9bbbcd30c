//! The target for the limiter's table.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::limiter::read(bytes));
