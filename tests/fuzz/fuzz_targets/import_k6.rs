//! Any text as a script for k6: a failure with a message, or a plan that compiles to diagnostics or a
//! program.
#![no_main]

use std::path::Path;

use ld_compiler::compile;
use ld_importers::{Options, Source};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(source) = Source::new("fuzz.ts", bytes, Path::new("/nonexistent")) else { return };
    let sources = std::slice::from_ref(&source);
    let Ok(importer) = ld_importers::importer(Some("k6"), sources) else { return };
    match ld_importers::import(importer, sources, &Options::default()) {
        Err(failure) => assert!(!failure.message.is_empty()),
        Ok(imported) => {
            let plan = ld_compiler::Source::new("plan", imported.plan.to_string());
            compile(&plan, &ld_compiler::Options::new());
        }
    }
});
