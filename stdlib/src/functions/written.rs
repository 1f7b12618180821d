//! How calls are written: where one ends, and where its arguments are.
//!
//! ```text
//! call     = "${" name "(" [argument {"," argument}] ")" "}"
//! argument = quoted | bare
//! quoted   = "'" … "'" | '"' … '"'      no escapes
//! bare     = anything; commas and parentheses inside brackets, JSON strings and
//!            placeholders belong to it
//! ```

use std::ops::Range;

use ld_vm::Value;
use memchr::{memchr, memmem};

/// Placeholders inside each other's arguments, the outermost counted.
const DEEPEST: u32 = 8;

/// Brackets inside each other.
const MOST_BRACKETS: usize = 32;

/// An argument, before it is known what it has to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Written<'t> {
    /// As it stands, with its quotes.
    Text(&'t str),
    /// What a placeholder stands for; [`Value::Unset`] when only the run can tell.
    Value(Value<'t>),
}

/// A call in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Where the function's name is.
    pub name: Range<usize>,
    /// Where each argument is, without the spaces around it.
    pub arguments: Vec<Range<usize>>,
    /// Behind the closing brace.
    pub end: usize,
}

/// The call that begins at `start`, where `${` is; `None` when there is none, or its
/// brackets do not match.
#[must_use]
pub fn call(text: &str, start: usize) -> Option<Call> {
    let name = called(text, start)?;
    let mut arguments = Vec::new();
    let mut from = name.end + 1;
    let close = closing(text.as_bytes(), from, 1, &mut |comma| {
        arguments.push(trimmed(text, from..comma));
        from = comma + 1;
    })?;
    let last = trimmed(text, from..close);
    if !(arguments.is_empty() && last.is_empty()) {
        arguments.push(last);
    }
    Some(Call { name, arguments, end: brace(text.as_bytes(), close + 1)? + 1 })
}

/// Text without the quotes around it.
#[must_use]
pub fn unquoted(text: &str) -> &str {
    let quoted = ['"', '\''].into_iter().find_map(|quote| {
        text.strip_prefix(quote)?.strip_suffix(quote).filter(|inside| !inside.contains(quote))
    });
    quoted.unwrap_or(text)
}

/// The name of the function called by the placeholder at `start`.
fn called(text: &str, start: usize) -> Option<Range<usize>> {
    let body = text.get(start..)?.strip_prefix("${")?;
    let first = text.len() - body.trim_start().len();
    let name = text.get(first..)?.split_once('(')?.0;
    let mut bytes = name.bytes();
    let begins = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    let is_name = begins && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_name.then_some(first..first + name.len())
}

/// Where the parenthesis is that closes the arguments beginning at `at`.
fn closing(text: &[u8], mut at: usize, depth: u32, comma: &mut dyn FnMut(usize)) -> Option<usize> {
    let mut brackets: Vec<u8> = Vec::new();
    let mut begins = true;
    loop {
        let byte = *text.get(at)?;
        let is_first = begins && !byte.is_ascii_whitespace();
        begins &= !is_first;
        match byte {
            b'"' | b'\'' if is_first => at += quoted(text.get(at + 1..)?, byte).unwrap_or(0),
            b'"' if brackets.last().is_some_and(|close| *close != b')') => {
                at += string(text.get(at + 1..)?)?;
            }
            b'$' if text.get(at + 1) == Some(&b'{') => at = placeholder(text, at, depth + 1)? - 1,
            b',' if brackets.is_empty() => {
                comma(at);
                begins = true;
            }
            b')' if brackets.is_empty() => return Some(at),
            _ if brackets.last() == Some(&byte) => {
                brackets.pop();
            }
            b'(' | b'[' | b'{' => {
                if brackets.len() == MOST_BRACKETS {
                    return None;
                }
                brackets.push(match byte {
                    b'(' => b')',
                    b'[' => b']',
                    _ => b'}',
                });
            }
            b'}' | b')' => return None,
            _ => {}
        }
        at += 1;
    }
}

/// How far the end of quoted text is from its beginning.
fn quoted(text: &[u8], quote: u8) -> Option<usize> {
    memchr(quote, text).map(|length| length + 1)
}

/// How far the end of a JSON string is from its beginning.
fn string(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    let end = text.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    end.map(|length| length + 1)
}

/// Behind the placeholder at `start`, which is an argument or a part of one.
fn placeholder(text: &[u8], start: usize, depth: u32) -> Option<usize> {
    if depth > DEEPEST {
        return None;
    }
    let body = start + 2;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let rest = text.get(body..)?;
    let spaces = rest.len() - rest.trim_ascii_start().len();
    let name = rest.get(spaces..)?.iter().take_while(|byte| is_name(byte)).count();
    let open = body + spaces + name;
    if name > 0 && text.get(open) == Some(&b'(') {
        let close = closing(text, open + 1, depth, &mut |_| {})?;
        return Some(brace(text, close + 1)? + 1);
    }
    let length = memchr(b'}', rest)?;
    let is_nested = memmem::find(rest.get(..length)?, b"${").is_some();
    (!is_nested).then_some(body + length + 1)
}

/// Where the brace is that has only spaces before it.
fn brace(text: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let spaces = rest.len() - rest.trim_ascii_start().len();
    (rest.get(spaces) == Some(&b'}')).then_some(from + spaces)
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let whole = text.get(range.clone()).unwrap_or_default();
    let start = range.start + (whole.len() - whole.trim_start().len());
    start..start + whole.trim().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn arguments(text: &str, expected: &[&str]) {
        let call = call(text, 0).unwrap();
        let arguments: Vec<_> = call.arguments.into_iter().map(|range| &text[range]).collect();
        assert_eq!(arguments, expected, "{text}");
        assert_eq!(call.end, text.len(), "{text}");
    }

    #[test]
    fn arguments_are_cut_at_commas_outside_quotes_brackets_and_placeholders() {
        arguments("${f()}", &[]);
        arguments("${ f( ) }", &[]);
        arguments("${f(1,)}", &["1", ""]);
        arguments("${f( a b , 'c, d' )}", &["a b", "'c, d'"]);
        arguments(r#"${f("a)", it's, 2)}"#, &[r#""a)""#, "it's", "2"]);
        arguments("${f('a)}", &["'a"]);
        arguments(r#"${f({"a": "}\","}, [1, (2)])}"#, &[r#"{"a": "}\","}"#, "[1, (2)]"]);
        arguments(
            "${f(${x}, ${g(${y}, ')')}:${csv.s.c})}",
            &["${x}", "${g(${y}, ')')}:${csv.s.c}"],
        );
        arguments("${f('${g(1, 2)}')}", &["'${g(1, 2)}'"]);
    }

    #[test]
    fn what_does_not_match_is_no_call() {
        for text in ["${f(}", "${f(()}", "${f([)}", "${f(1)x}", "${2f()}", "${f(${g(}", "${f(${x)}"]
        {
            assert_eq!(call(text, 0), None, "{text}");
        }
    }

    #[test]
    fn placeholders_and_brackets_have_a_greatest_depth() {
        let nested = |depth: usize| format!("{}{}", "${f(".repeat(depth), ")}".repeat(depth));
        assert!(call(&nested(8), 0).is_some());
        assert_eq!(call(&nested(9), 0), None);
        let brackets = |depth: usize| format!("${{f({}{})}}", "[".repeat(depth), "]".repeat(depth));
        assert!(call(&brackets(32), 0).is_some());
        assert_eq!(call(&brackets(33), 0), None);
    }

    #[test]
    fn quotes_are_taken_off_where_they_enclose_all() {
        for (written, text) in [("'a'", "a"), ("\"it's\"", "it's"), ("'a'b'", "'a'b'"), ("'", "'")]
        {
            assert_eq!(unquoted(written), text);
        }
    }
}
