//! Any text, read as a test plan of JMeter.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| ld_fuzz::import("jmeter", "fuzz.jmx", bytes));
