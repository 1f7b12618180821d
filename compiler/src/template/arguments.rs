//! Arguments of a function in a placeholder: `randint(1, -5)`, `fmt("%d", x)`.

use std::ops::Range;

use super::trimmed;

/// One argument and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument<'t> {
    /// What it says.
    pub value: Value<'t>,
    /// Where it stands, without the spaces around it.
    pub range: Range<usize>,
}

/// What an argument says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'t> {
    /// A whole number that fits.
    Integer(i64),
    /// What stands between single or double quotes, as it is; there are no escapes.
    Quoted(&'t str),
    /// Anything else, also nothing.
    Bare(&'t str),
}

/// Cuts what stands between the parentheses at commas outside quotes. Nothing but
/// spaces is no argument.
pub(super) fn split(text: &str, range: Range<usize>) -> Vec<Argument<'_>> {
    let inside = text.get(range.clone()).unwrap_or_default();
    if inside.trim().is_empty() {
        return Vec::new();
    }
    let mut arguments = Vec::new();
    let mut start = range.start;
    let mut quote = None;
    for (offset, byte) in inside.bytes().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') if is_start(text, start, range.start + offset) => {
                quote = Some(byte)
            }
            (Some(open), _) if open == byte => quote = None,
            (None, b',') => {
                arguments.push(argument(text, start..range.start + offset));
                start = range.start + offset + 1;
            }
            _ => {}
        }
    }
    arguments.push(argument(text, start..range.end));
    arguments
}

/// Whether only spaces stand before `at`: a quote inside a word is an apostrophe.
fn is_start(text: &str, start: usize, at: usize) -> bool {
    text.get(start..at).is_some_and(|before| before.trim().is_empty())
}

fn argument(text: &str, range: Range<usize>) -> Argument<'_> {
    let name = trimmed(text, range);
    let quoted = ['"', '\''].into_iter().find_map(|quote| {
        name.text.strip_prefix(quote)?.strip_suffix(quote).filter(|inside| !inside.contains(quote))
    });
    let value = match (quoted, name.text.parse()) {
        (Some(inside), _) => Value::Quoted(inside),
        (None, Ok(integer)) => Value::Integer(integer),
        (None, Err(_)) => Value::Bare(name.text),
    };
    Argument { value, range: name.range }
}
