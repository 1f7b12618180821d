//! Broken sources, for the tests of all kinds: the beginnings of a case, and its bytes changed at
//! random places.

use std::fs;
use std::path::Path;

use crate::{Options, Source, import, importer};

/// Imports what is left of a case of a kind; nothing of it may end the program. `marks` are bytes
/// that mean something in the format.
pub(crate) fn survive(kind: &str, case: &str, marks: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/importers").join(kind);
    let bytes = fs::read(folder.join(case)).unwrap();
    let attempt = |bytes: &[u8]| {
        if let Ok(source) = Source::new(case, bytes, Path::new("")) {
            let sources = [source];
            let _ = import(importer(Some(kind), &sources).unwrap(), &sources, &Options::default());
        }
    };
    for cut in (0..bytes.len()).step_by(bytes.len() / 25) {
        attempt(&bytes[..cut]);
    }
    let mut random = 7_usize;
    for _ in 0..60 {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut flipped = bytes.clone();
        let at = (random >> 20) % flipped.len();
        flipped[at] ^= 1 << (random >> 40 & 7);
        flipped[(random >> 30) % bytes.len()] = marks[(random >> 50) % marks.len()];
        attempt(&flipped);
    }
}
