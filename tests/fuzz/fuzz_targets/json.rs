//! The spanned JSON parser against `serde_json`.

#![no_main]

#[path = "../../../compiler/tests/invariants/mod.rs"]
mod invariants;

libfuzzer_sys::fuzz_target!(|text: &str| invariants::check_json(text));
