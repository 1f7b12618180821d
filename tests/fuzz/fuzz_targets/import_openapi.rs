//! Any text, read as a specification: a failure with a message, or a plan that compiles to
//! diagnostics or a program.
#![no_main]

use std::path::Path;

use ld_compiler::compile;
use ld_importers::{Options, Source, import, importer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(source) = Source::new("fuzz.yaml", bytes, Path::new("/nonexistent")) else { return };
    let sources = [source];
    let Ok(kind) = importer(Some("openapi"), &sources) else { return };
    let options = Options { optional: bytes.len().is_multiple_of(2), ..Options::default() };
    match import(kind, &sources, &options) {
        Err(failure) => assert!(!failure.message.is_empty()),
        Ok(imported) => {
            let plan = ld_compiler::Source::new("plan", imported.plan.to_string());
            compile(&plan, &ld_compiler::Options::new());
        }
    }
});
