//! The HTTP/1.1 reply codec, with any cuts between reads.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ld_drivers::http::wire::probe_reply(data));
