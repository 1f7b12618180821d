//! Any text, read as a Postman collection.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| ld_fuzz::import("postman", "fuzz.json", bytes));
