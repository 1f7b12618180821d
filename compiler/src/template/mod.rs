//! Placeholders: takes a text like `/orders?id=${uuid()}&u=${csv.users.name}` apart.
//!
//! ```text
//! placeholder = "${" body "}"            body: one or more characters except "}"
//! token       = body without the spaces around it
//! token       = function | prefixed | bare
//! function    = name "(" arguments ")"   name: ASCII letter or "_", then also digits;
//!                                        the arguments may hold braces and placeholders
//! prefixed    = prefix "." rest          cut at the first "."
//! bare        = a token without "."
//! ```
//!
//! There is no escaping, and no nesting but in arguments
//! ([`ld_stdlib::functions::written`]). What is not well-formed stays text, as the
//! language wants it, and is reported as a [`Problem`]. This module knows the
//! grammar only: which functions, prefixes and variables there are is the business
//! of those who resolve the names. All ranges are bytes of the text handed in.

mod arguments;
#[cfg(test)]
mod tests;

use std::ops::Range;

use ld_stdlib::functions::written;
use memchr::{memchr, memmem};

use crate::diag::{Code, Diagnostic, Span};

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Characters that stand for themselves.
    Text(Range<usize>),
    /// Something to be filled in.
    Placeholder(Placeholder<'t>),
}

/// A well-formed placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder<'t> {
    /// From `$` to `}`.
    pub range: Range<usize>,
    /// What is to be filled in.
    pub token: Token<'t>,
}

/// What stands between the braces. Names are as written; prefixes and functions are
/// to be compared without regard to ASCII case, everything else exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token<'t> {
    /// `name(arguments)`
    Function {
        /// The name of the function.
        name: Name<'t>,
        /// What stands between the parentheses, cut at commas; with its quotes.
        arguments: Vec<Name<'t>>,
    },
    /// `prefix.rest`
    Prefixed {
        /// Where the value comes from.
        prefix: Name<'t>,
        /// What stands behind the first dot; may contain dots and spaces.
        rest: Name<'t>,
    },
    /// `name`, the same as `var.name`.
    Bare(Name<'t>),
}

/// A name and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name<'t> {
    /// The name as written.
    pub text: &'t str,
    /// Where it stands.
    pub range: Range<usize>,
}

/// Something that looks like a placeholder and is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// Where.
    pub range: Range<usize>,
}

/// What can be wrong with a placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// `${` without `}`.
    Unterminated,
    /// No name: `${}`, `${ }`, `${var.}` or `${.name}`.
    Empty,
    /// A placeholder inside a placeholder.
    Nested,
}

impl Problem {
    /// The problem as a diagnostic; `span` is where its range stands in the plan.
    #[must_use]
    pub fn diagnostic(&self, span: Span) -> Diagnostic {
        let (code, message, label) = match self.kind {
            ProblemKind::Unterminated => (
                Code::UnterminatedPlaceholder,
                "a placeholder without its closing brace",
                "`}` is missing; this is sent as it stands",
            ),
            ProblemKind::Empty => (
                Code::EmptyPlaceholder,
                "a placeholder without a name",
                "stands for nothing; this is sent as it stands",
            ),
            ProblemKind::Nested => (
                Code::NestedPlaceholder,
                "a placeholder inside a placeholder",
                "ends at the first `}`; this is sent as it stands",
            ),
        };
        Diagnostic::new(code, message).label(span, label)
    }
}

/// Whether a well-formed placeholder stands in a text.
pub fn has_placeholder(text: &str) -> bool {
    let is_placeholder = |piece: &Piece<'_>| matches!(piece, Piece::Placeholder(_));
    memmem::find(text.as_bytes(), b"${").is_some() && parse(text, |_| {}).iter().any(is_placeholder)
}

/// Takes a text apart. The pieces cover all of it in order, and no two texts stand
/// next to each other.
pub fn parse(text: &str, report: impl FnMut(Problem)) -> Vec<Piece<'_>> {
    parse_part(text, 0..text.len(), report)
}

/// Takes a part of a text apart, as [`parse`] does; all ranges are those of the whole text.
pub fn parse_part(
    text: &str,
    part: Range<usize>,
    mut report: impl FnMut(Problem),
) -> Vec<Piece<'_>> {
    let text = text.get(..part.end).unwrap_or_default();
    let mut pieces = Vec::new();
    // What is not a placeholder up to `at` and not yet among the pieces.
    let mut plain = part.start;
    let mut at = part.start;
    let find = memmem::Finder::new("${");
    while let Some(found) = find.find(tail(text, at).as_bytes()) {
        let start = at + found;
        let body = start + 2;
        let token = if let Some(call) = written::call(text, start) {
            at = call.end;
            let name = self::part(text, call.name);
            Ok(Token::Function { name, arguments: arguments::of(text, call.arguments) })
        } else if let Some(length) = memchr(b'}', tail(text, body).as_bytes()) {
            at = body + length + 1;
            token(text, body..body + length)
        } else {
            report(Problem { kind: ProblemKind::Unterminated, range: start..text.len() });
            break;
        };
        match token {
            Ok(token) => {
                if plain < start {
                    pieces.push(Piece::Text(plain..start));
                }
                plain = at;
                pieces.push(Piece::Placeholder(Placeholder { range: start..at, token }));
            }
            Err(ProblemKind::Nested) => report(nested(text, start, at - 1)),
            Err(kind) => report(Problem { kind, range: start..at }),
        }
    }
    if plain < text.len() {
        pieces.push(Piece::Text(plain..text.len()));
    }
    pieces
}

/// Reads what stands between the braces.
fn token(text: &str, body: Range<usize>) -> Result<Token<'_>, ProblemKind> {
    let name = trimmed(text, body);
    if name.text.is_empty() {
        return Err(ProblemKind::Empty);
    }
    if memmem::find(name.text.as_bytes(), b"${").is_some() {
        return Err(ProblemKind::Nested);
    }
    if let Some(length) = function_name(name.text) {
        let (open, close) = (name.range.start + length, name.range.end - 1);
        return Ok(Token::Function {
            name: part(text, name.range.start..open),
            arguments: arguments::split(text, open + 1..close),
        });
    }
    let Some(dot) = memchr(b'.', name.text.as_bytes()) else {
        return Ok(Token::Bare(name));
    };
    let prefix = part(text, name.range.start..name.range.start + dot);
    let rest = part(text, prefix.range.end + 1..name.range.end);
    if prefix.text.is_empty() || rest.text.is_empty() {
        return Err(ProblemKind::Empty);
    }
    Ok(Token::Prefixed { prefix, rest })
}

/// Length of the function's name, if the token is a call from end to end.
fn function_name(token: &str) -> Option<usize> {
    if !token.ends_with(')') {
        return None;
    }
    let length = memchr(b'(', token.as_bytes())?;
    let mut name = token.get(..length)?.bytes();
    let first = name.next()?;
    let fits = (first.is_ascii_alphabetic() || first == b'_')
        && name.all(|b| b.is_ascii_alphanumeric() || b == b'_');
    fits.then_some(length)
}

/// Tells `${a${b}}` from `${a … ${b}`, where the first one was never closed.
/// `end` is the first closing brace.
fn nested(text: &str, start: usize, end: usize) -> Problem {
    let inner = start + 2 + memmem::find(tail(text, start + 2).as_bytes(), b"${").unwrap_or(0);
    let behind = tail(text, end + 1).as_bytes();
    let next_close = memchr(b'}', behind);
    let next_open = memmem::find(behind, b"${");
    let closed_again = next_close.is_some_and(|close| next_open.is_none_or(|open| close < open));
    if closed_again {
        Problem { kind: ProblemKind::Nested, range: start..end + 1 }
    } else {
        Problem { kind: ProblemKind::Unterminated, range: start..inner }
    }
}

fn tail(text: &str, from: usize) -> &str {
    text.get(from..).unwrap_or_default()
}

fn part(text: &str, range: Range<usize>) -> Name<'_> {
    Name { text: text.get(range.clone()).unwrap_or_default(), range }
}

/// The range without the spaces at its ends.
fn trimmed(text: &str, range: Range<usize>) -> Name<'_> {
    let whole = part(text, range.clone()).text;
    let start = range.start + (whole.len() - whole.trim_start().len());
    part(text, start..start + whole.trim().len())
}
