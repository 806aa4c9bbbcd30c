//! The target for PROXY headers.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::introductions::read(bytes));
