//! The target for answers of upstream targets.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::answers::read(bytes));
