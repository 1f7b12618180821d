//! XPath and CSS selectors on hostile bodies.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ld_stdlib::markup::fuzz::run(data));
