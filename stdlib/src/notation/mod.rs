//! Documents in other notations than JSON, as the values JSON would have, with their places.

pub mod toml;
pub mod yaml;

use crate::span::Span;
use crate::template::{Tree, TreeKind};

/// Lists and objects may be nested this deep, as in JSON.
pub const MAX_DEPTH: usize = 128;

/// Values a document may have, those that aliases repeat included: a few lines of YAML could
/// otherwise stand for more than any memory holds.
pub const MAX_VALUES: usize = 2_000_000;

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub span: Span,
    /// What, without a full stop.
    pub message: String,
}

impl Problem {
    fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into() }
    }
}

/// A document, or what is wrong with it.
pub type Parsed = Result<Tree, Vec<Problem>>;

fn tree(span: Span, kind: TreeKind) -> Tree {
    Tree { span, kind }
}

fn span(start: usize, end: usize) -> Span {
    let offset = |at| u32::try_from(at).unwrap_or(u32::MAX);
    Span::new(offset(start), offset(end))
}
