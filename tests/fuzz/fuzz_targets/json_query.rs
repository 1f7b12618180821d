//! Paths in both notations, on documents that are JSON or not.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ld_stdlib::json::fuzz::run_query(data));
