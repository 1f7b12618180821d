//! The placeholder parser against a plain reading of its grammar.

#![no_main]

#[path = "../../../compiler/tests/invariants/mod.rs"]
mod invariants;

libfuzzer_sys::fuzz_target!(|text: &str| invariants::check_template(text));
