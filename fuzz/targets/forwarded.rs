//! The target for forwarding headers.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::clients::read(bytes));
