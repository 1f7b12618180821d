//! What the targets of importers have in common.

use std::path::Path;

use ld_compiler::compile;
use ld_importers::{Options, Source, importer};

/// Imports bytes as a kind of source, from a file of a name: a failure with a message, or a plan
/// that compiles to diagnostics or a program.
pub fn import(kind: &str, name: &str, bytes: &[u8]) {
    let Ok(source) = Source::new(name, bytes.to_vec(), Path::new("/nonexistent")) else { return };
    let sources = [source];
    let importer = importer(Some(kind), &sources).expect("it is a kind");
    let options = Options { optional: bytes.len().is_multiple_of(2), ..Options::default() };
    match ld_importers::import(importer, &sources, &options) {
        Err(failure) => assert!(!failure.message.is_empty()),
        Ok(imported) => {
            let fidelity = imported.notes.fidelity();
            assert!((0.0..=1.0).contains(&fidelity), "{fidelity}");
            let plan = ld_compiler::Source::new("plan", imported.plan.to_string());
            drop(compile(&plan, &ld_compiler::Options::new()));
        }
    }
}
