//! What stands between the values of a JSON text: spaces and comments.

use std::ops::Range;

/// What a piece of text is, looked at from outside values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trivium {
    /// Spaces and line ends.
    Space,
    /// A comment, `/* */` or from `//` to the end of its line, without that.
    Comment,
    /// A text in quotes, a bracket, colon or comma, or a word or number.
    Other,
}

/// The pieces of a text from a place on that lies in none of them. Together they are the whole
/// text; what is not JSON is cut somehow.
pub(crate) fn tokens(text: &str, from: usize) -> impl Iterator<Item = (Range<usize>, Trivium)> {
    let mut at = from;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let (length, kind) = first(rest);
        let range = at..at + length.clamp(1, rest.len());
        at = range.end;
        Some((range, kind))
    })
}

fn first(rest: &str) -> (usize, Trivium) {
    let is_space = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n' | '\u{feff}');
    let until = |stop: fn(char) -> bool| rest.find(stop).unwrap_or(rest.len());
    match rest.as_bytes() {
        [b'/', b'/', ..] => (until(|c| c == '\n'), Trivium::Comment),
        [b'/', b'*', ..] => {
            let end = rest.get(2..).and_then(|inner| inner.find("*/"));
            (end.map_or(rest.len(), |end| end + 4), Trivium::Comment)
        }
        [b'"', ..] => (quoted(rest), Trivium::Other),
        [b'{' | b'}' | b'[' | b']' | b',' | b':', ..] => (1, Trivium::Other),
        _ => {
            let spaces = rest.find(|c| !is_space(c)).unwrap_or(rest.len());
            if spaces > 0 {
                return (spaces, Trivium::Space);
            }
            let ends = |c: char| is_space_or_sign(c);
            let length = rest.char_indices().skip(1).find(|(_, c)| ends(*c));
            (length.map_or(rest.len(), |(at, _)| at), Trivium::Other)
        }
    }
}

fn is_space_or_sign(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '{' | '}' | '[' | ']' | ',' | ':' | '"' | '/')
}

/// The length of a text in quotes at the beginning.
fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_are_the_whole_text() {
        let text = "\u{feff}{ /* a, \" */ \"b\\\"}\": [-1.5e3,true], // c\n\t\"é\": null}/";
        let pieces: Vec<_> = tokens(text, 0).map(|(range, kind)| (&text[range], kind)).collect();
        assert_eq!(pieces.iter().map(|(piece, _)| *piece).collect::<String>(), text);
        let values = pieces.iter().filter(|(_, kind)| *kind == Trivium::Other);
        assert_eq!(
            values.map(|(piece, _)| *piece).collect::<Vec<_>>(),
            [
                "{",
                "\"b\\\"}\"",
                ":",
                "[",
                "-1.5e3",
                ",",
                "true",
                "]",
                ",",
                "\"é\"",
                ":",
                "null",
                "}",
                "/"
            ]
        );
        let comments = pieces.iter().filter(|(_, kind)| *kind == Trivium::Comment);
        assert_eq!(comments.map(|(piece, _)| *piece).collect::<Vec<_>>(), ["/* a, \" */", "// c"]);
        assert_eq!(tokens("\"open", 0).count(), 1);
    }
}
