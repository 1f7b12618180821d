//! Arguments of a function in a placeholder: `randint(1, -5)`, `base64(${user}:x)`.

use std::ops::Range;

use super::{Name, part, trimmed};

/// The arguments found where [`ld_stdlib::functions::written::call`] did.
pub(super) fn of<'t>(text: &'t str, ranges: Vec<Range<usize>>) -> Vec<Name<'t>> {
    ranges.into_iter().map(|range| part(text, range)).collect()
}

/// Cuts what stands between parentheses that do not match at every comma. Nothing but
/// spaces is no argument.
pub(super) fn split(text: &str, range: Range<usize>) -> Vec<Name<'_>> {
    let inside = text.get(range.clone()).unwrap_or_default();
    if inside.trim().is_empty() {
        return Vec::new();
    }
    let mut start = range.start;
    let cut = |piece: &str| {
        let end = start + piece.len();
        let argument = trimmed(text, start..end);
        start = end + 1;
        argument
    };
    inside.split(',').map(cut).collect()
}
