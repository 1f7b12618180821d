//! Challenges of digest authentication, and the answers to them.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ld_drivers::http::probe_challenge(data));
