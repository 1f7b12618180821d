//! Whole plans: diagnostics or a program that verifies and survives writing.

#![no_main]

#[path = "../../../compiler/tests/invariants/mod.rs"]
mod invariants;

libfuzzer_sys::fuzz_target!(|text: &str| invariants::check_compile(text));
