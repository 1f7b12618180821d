//! Values as Python writes them, which is how the texts of failures show them.

use ld_vm::Value;
use ld_vm::value::write_float;

use super::scan::Scanner;
use super::{Found, RawText};
use crate::python::push_escape;

/// The longest notation, in characters; what is longer is cut off and ends in `…`. A
/// failure is to be understood, not to carry a whole body.
pub const REPR_LIMIT: usize = 1000;

/// Appends a value in Python's notation: `'text'`, `5`, `1.0`, `None`, `True`,
/// `{'a': [1, None]}`; at most [`REPR_LIMIT`] characters of it.
pub fn repr(value: Value<'_>, out: &mut String) {
    write(Found::of(value), out);
}

pub(super) fn write(found: Found<'_>, out: &mut String) {
    Writer { out, room: REPR_LIMIT, is_full: false }.found(found);
}

/// Appends an array or object in Python's notation, all of it.
pub(crate) fn literal(json: &[u8], out: &mut String) {
    Writer { out, room: usize::MAX, is_full: false }.found(Found::of(Value::Json(json)));
}

struct Writer<'o> {
    out: &'o mut String,
    /// How many characters still fit.
    room: usize,
    is_full: bool,
}

impl Writer<'_> {
    fn found(&mut self, found: Found<'_>) {
        match found {
            Found::Missing | Found::Null => self.text("None"),
            Found::Bool(true) => self.text("True"),
            Found::Bool(false) => self.text("False"),
            Found::Int(number) => self.text(itoa::Buffer::new().format(number)),
            Found::Float(number) => {
                let mut text = Vec::new();
                write_float(number, &mut text);
                self.text(&String::from_utf8_lossy(&text));
            }
            Found::BigInt(digits) => self.text(&String::from_utf8_lossy(digits)),
            Found::Text(text) => self.quoted(text),
            Found::Json(json) => self.tokens(Scanner::new(json)),
        }
    }

    /// An array or object that is known to be well-formed, token by token, so that its
    /// depth does not matter.
    fn tokens(&mut self, mut place: Scanner<'_>) {
        while !self.is_full
            && let Some(byte) = place.peek()
        {
            match byte {
                b'{' => self.text("{"),
                b'}' => self.text("}"),
                b'[' => self.text("["),
                b']' => self.text("]"),
                b',' => self.text(", "),
                b':' => self.text(": "),
                _ => match place.value() {
                    Some(scalar) => {
                        self.found(scalar);
                        continue;
                    }
                    None => return,
                },
            }
            place.token();
        }
    }

    /// Text in single quotes, or in double quotes when that saves escapes.
    fn quoted(&mut self, text: RawText<'_>) {
        let mut decoded = Vec::new();
        let bytes = text.as_plain().unwrap_or_else(|| {
            text.decode(&mut decoded);
            &decoded
        });
        let text = String::from_utf8_lossy(bytes);
        let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
        self.character(quote);
        for character in text.chars() {
            match character {
                '\n' => self.text("\\n"),
                '\r' => self.text("\\r"),
                '\t' => self.text("\\t"),
                '\\' => self.text("\\\\"),
                _ if character == quote => {
                    self.character('\\');
                    self.character(character);
                }
                _ if is_printable(character) => self.character(character),
                _ => {
                    let mut escape = String::new();
                    push_escape(character, &mut escape);
                    self.text(&escape);
                }
            }
            if self.is_full {
                return;
            }
        }
        self.character(quote);
    }

    fn text(&mut self, text: &str) {
        text.chars().for_each(|character| self.character(character));
    }

    fn character(&mut self, character: char) {
        if self.is_full {
            return;
        }
        if self.room == 0 {
            self.is_full = true;
            self.out.push('…');
            return;
        }
        self.room -= 1;
        self.out.push(character);
    }
}

/// Whether Python shows a character as it is. The standard library's debug form draws the
/// same line, except for combining marks at the start of a text.
pub(crate) fn is_printable(character: char) -> bool {
    if character.is_ascii() {
        return !character.is_ascii_control();
    }
    let mut text = [b'x', 0, 0, 0, 0];
    let len = match text.get_mut(1..) {
        Some(room) => 1 + character.encode_utf8(room).len(),
        None => return false,
    };
    let text = text.get(..len).and_then(|text| str::from_utf8(text).ok());
    text.is_some_and(|text| text.escape_debug().nth(1) == Some(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: Value<'_>) -> String {
        let mut out = String::new();
        repr(value, &mut out);
        out
    }

    #[test]
    fn scalars_look_as_in_python() {
        for (value, expected) in [
            (Value::Null, "None"),
            (Value::Unset, "None"),
            (Value::Bool(true), "True"),
            (Value::Int(-5), "-5"),
            (Value::Float(1.0), "1.0"),
            (Value::Float(1e20), "1e+20"),
            (Value::Float(f64::INFINITY), "inf"),
            (Value::Text(b"5"), "'5'"),
            (Value::Text(b""), "''"),
            (Value::Json(b"123456789012345678901234567890"), "123456789012345678901234567890"),
        ] {
            assert_eq!(shown(value), expected);
        }
    }

    #[test]
    fn text_is_quoted_and_escaped_as_in_python() {
        for (text, expected) in [
            ("it's", r#""it's""#),
            ("\"a\"", r#"'"a"'"#),
            ("it's \"a\"", r#"'it\'s "a"'"#),
            ("a\\b\n\r\t", r"'a\\b\n\r\t'"),
            ("\0\u{1b}\u{7f}\u{a0}\u{ad}", r"'\x00\x1b\x7f\xa0\xad'"),
            ("é€😀e\u{301}", "'é€😀e\u{301}'"),
            ("\u{2028}\u{feff}\u{e000}\u{10ffff}", r"'\u2028\ufeff\ue000\U0010ffff'"),
        ] {
            assert_eq!(shown(Value::Text(text.as_bytes())), expected);
        }
        assert_eq!(shown(Value::Text(b"a\xff")), "'a\u{fffd}'");
    }

    #[test]
    fn containers_are_python_literals_whatever_their_layout() {
        let json = br#" {"a":[1,null , true,2.50,"it's\u0021"],
            "b" : { } , "c":[ ]}"#;
        assert_eq!(
            shown(Value::Json(json)),
            r#"{'a': [1, None, True, 2.5, "it's!"], 'b': {}, 'c': []}"#
        );
    }

    #[test]
    fn long_values_are_cut() {
        let text = shown(Value::Text("é".repeat(5000).as_bytes()));
        assert_eq!(text.chars().count(), REPR_LIMIT + 1);
        assert!(text.ends_with("é…"));
        assert!(shown(Value::Text("x".repeat(REPR_LIMIT - 2).as_bytes())).ends_with("x'"));
    }
}
