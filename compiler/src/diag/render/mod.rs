//! Diagnostics for people, for programs and for continuous integration.

mod github;
mod json;
mod text;

pub use github::github;
pub use json::json;
pub use text::{Style, text};

use super::{Counts, Diagnostic, Source};

/// The last line of a check: `checkout.json: 2 errors, 1 warning`.
#[must_use]
pub fn summary(diagnostics: &[Diagnostic], source: &Source) -> String {
    format!("{}: {}", source.name(), Counts::of(diagnostics))
}

#[cfg(test)]
mod tests;
