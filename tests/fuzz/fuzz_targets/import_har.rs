//! Any text, read as a recording.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| ld_fuzz::import("har", "fuzz.har", bytes));
