//! Any text, read as a script for k6.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| ld_fuzz::import("k6", "fuzz.ts", bytes));
