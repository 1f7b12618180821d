//! The scanner that finds values in JSON bodies.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ld_stdlib::json::fuzz::run(data));
