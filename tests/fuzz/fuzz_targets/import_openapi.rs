//! Any text, read as a specification.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| ld_fuzz::import("openapi", "fuzz.yaml", bytes));
