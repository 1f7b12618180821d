//! Any text, read as curl commands.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| ld_fuzz::import("curl", "fuzz.sh", bytes));
