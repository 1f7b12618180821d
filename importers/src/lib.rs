//! Foreign formats that become plans: one row of [`IMPORTERS`] and one module each.
//!
//! No format is read yet; the table stands here so that `ldc` and the edges between the
//! crates have their place from the start.

/// A format that plans can be made from.
#[derive(Debug)]
pub struct Importer {
    /// The name on the command line.
    pub name: &'static str,
    /// What it reads, as a sentence.
    pub doc: &'static str,
}

/// The formats of this build, by name.
pub const IMPORTERS: &[Importer] = &[];
