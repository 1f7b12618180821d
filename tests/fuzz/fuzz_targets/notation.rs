//! Plans in YAML and TOML; the first byte says which.

#![no_main]

#[path = "../../../compiler/tests/invariants/mod.rs"]
mod invariants;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let name = if text.starts_with('t') { "plan.toml" } else { "plan.yaml" };
    let mut rest = text.chars();
    rest.next();
    invariants::check_compile_named(name, rest.as_str());
});
