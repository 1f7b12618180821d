//! Replies of Redis, whole and in pieces.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ld_drivers::redis::probe_reply(data));
