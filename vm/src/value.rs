//! Values as the machine sees them: borrowed while they are used, owned only in a
//! user's variables.

use std::fmt::Write as _;

/// A value on its way from one place to another; borrows its bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// There is none: a variable never set, an exhausted source, an absent cell.
    Unset,
    /// JSON `null`. A variable that is set to it counts as unset.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// UTF-8 text, unless it came from the wire, where any bytes are possible.
    Text(&'a [u8]),
    /// A JSON array or object, as text.
    Json(&'a [u8]),
}

impl<'a> Value<'a> {
    /// Whether a slot with this value counts as unresolved.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        matches!(self, Self::Unset | Self::Null)
    }

    /// Whether a condition with this value holds. Text does not when it is empty, a word for
    /// no (`false`, `0`, `no`, `none`, `null`) or a placeholder that was not filled; numbers
    /// when they are 0, lists and objects when they are empty.
    #[must_use]
    pub fn is_truthy(&self) -> bool {
        match *self {
            Self::Unset | Self::Null => false,
            Self::Bool(flag) => flag,
            Self::Int(number) => number != 0,
            Self::Float(number) => number != 0.0,
            Self::Text(bytes) => {
                let text = bytes.trim_ascii();
                let is_no = |word: &&[u8]| text.eq_ignore_ascii_case(word);
                let is_placeholder = text.starts_with(b"${") && text.ends_with(b"}");
                let words: [&[u8]; 6] = [b"", b"false", b"0", b"no", b"none", b"null"];
                !is_placeholder && !words.iter().any(is_no)
            }
            Self::Json(bytes) => {
                let is_content = |byte: &&u8| !byte.is_ascii_whitespace();
                bytes
                    .iter()
                    .filter(is_content)
                    .nth(1)
                    .is_some_and(|byte| !matches!(byte, b']' | b'}'))
            }
        }
    }

    /// The bytes of [`Self::Text`] and [`Self::Json`].
    #[must_use]
    pub const fn bytes(&self) -> Option<&'a [u8]> {
        match self {
            Self::Text(bytes) | Self::Json(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Appends the text form: `true`, `12`, `1.5`, text and JSON as they are;
    /// nothing for a missing value.
    pub fn write_text(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Unset | Self::Null => {}
            Self::Bool(true) => out.extend_from_slice(b"true"),
            Self::Bool(false) => out.extend_from_slice(b"false"),
            Self::Int(number) => {
                out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            }
            Self::Float(number) => write_float(number, out),
            Self::Text(bytes) | Self::Json(bytes) => out.extend_from_slice(bytes),
        }
    }
}

/// Appends the shortest text that reads back as `number`, always with a point or an
/// exponent, and the exponent signed and of two digits at least: `1.0`, `0.1`,
/// `1e+20`, `1e-07`, as in Python.
pub fn write_float(number: f64, out: &mut Vec<u8>) {
    let mut text = FloatText::default();
    // FloatText holds any finite double; on overflow the text so far is kept.
    let _ = write!(text, "{number:?}");
    let text = text.as_bytes();
    match memchr_e(text) {
        None => out.extend_from_slice(text),
        Some((mantissa, exponent)) => {
            out.extend_from_slice(mantissa);
            out.push(b'e');
            let (sign, digits) = match exponent.split_first() {
                Some((b'-', digits)) => (b'-', digits),
                _ => (b'+', exponent),
            };
            out.push(sign);
            if digits.len() < 2 {
                out.push(b'0');
            }
            out.extend_from_slice(digits);
        }
    }
}

fn memchr_e(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|&byte| byte == b'e')?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// A small buffer on the stack: the text of a double in Rust's debug form has at most
/// 24 characters.
#[derive(Default)]
struct FloatText {
    bytes: [u8; 32],
    len: usize,
}

impl FloatText {
    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl std::fmt::Write for FloatText {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.len + text.len();
        let room = self.bytes.get_mut(self.len..end).ok_or(std::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// A variable of a user. Its text buffer is kept when the value changes, so that a
/// value extracted in every tick allocates once.
#[derive(Clone, Debug, Default)]
pub struct Var {
    kind: Kind,
    bits: u64,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Unset,
    Bool,
    Int,
    Float,
    Text,
    Json,
}

impl Var {
    /// The value, borrowed.
    #[must_use]
    pub fn value(&self) -> Value<'_> {
        match self.kind {
            Kind::Unset => Value::Unset,
            Kind::Bool => Value::Bool(self.bits != 0),
            Kind::Int => Value::Int(self.bits.cast_signed()),
            Kind::Float => Value::Float(f64::from_bits(self.bits)),
            Kind::Text => Value::Text(&self.bytes),
            Kind::Json => Value::Json(&self.bytes),
        }
    }

    /// Takes over a value; a missing one unsets the variable.
    pub fn set(&mut self, value: Value<'_>) {
        self.kind = match value {
            Value::Unset | Value::Null => Kind::Unset,
            Value::Bool(flag) => {
                self.bits = u64::from(flag);
                Kind::Bool
            }
            Value::Int(number) => {
                self.bits = number.cast_unsigned();
                Kind::Int
            }
            Value::Float(number) => {
                self.bits = number.to_bits();
                Kind::Float
            }
            Value::Text(bytes) => {
                self.fill(bytes);
                Kind::Text
            }
            Value::Json(bytes) => {
                self.fill(bytes);
                Kind::Json
            }
        };
    }

    /// Makes the variable text and hands out its emptied buffer to be written.
    pub fn text_mut(&mut self) -> &mut Vec<u8> {
        self.kind = Kind::Text;
        self.bytes.clear();
        &mut self.bytes
    }

    /// Makes the variable an array or object and hands out its emptied buffer to be written.
    pub fn json_mut(&mut self) -> &mut Vec<u8> {
        self.kind = Kind::Json;
        self.bytes.clear();
        &mut self.bytes
    }

    fn fill(&mut self, bytes: &[u8]) {
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: Value<'_>) -> String {
        let mut out = Vec::new();
        value.write_text(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn floats_read_back_and_look_like_floats() {
        for (number, expected) in [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e20, "1e+20"),
            (1e-7, "1e-07"),
            (-2.5e-300, "-2.5e-300"),
            (1e15, "1000000000000000.0"),
            (f64::MAX, "1.7976931348623157e+308"),
        ] {
            assert_eq!(text(Value::Float(number)), expected);
            assert_eq!(expected.parse::<f64>().unwrap(), number);
        }
    }

    #[test]
    fn values_count_as_true_unless_they_are_nothing() {
        let text = |text: &'static str| Value::Text(text.as_bytes());
        let json = |text: &'static str| Value::Json(text.as_bytes());
        for value in
            [text("off"), text("[]"), text("0.0"), json("[0]"), json(" {\"a\": 1}"), Value::Int(-1)]
        {
            assert!(value.is_truthy(), "{value:?}");
        }
        for value in [
            text(""),
            text(" No "),
            text("NULL"),
            text("${x}"),
            json("[ ]"),
            json("{}"),
            Value::Float(0.0),
        ] {
            assert!(!value.is_truthy(), "{value:?}");
        }
    }

    #[test]
    fn a_variable_keeps_the_type_it_was_given() {
        let mut var = Var::default();
        for value in [
            Value::Int(-3),
            Value::Bool(true),
            Value::Float(0.5),
            Value::Text(b"a"),
            Value::Json(b"[1]"),
        ] {
            var.set(value);
            assert_eq!(var.value(), value);
        }
        var.set(Value::Null);
        assert_eq!(var.value(), Value::Unset);
    }

    #[test]
    fn a_variable_is_small() {
        assert_eq!(size_of::<Var>(), 40);
        assert_eq!(size_of::<Value<'_>>(), 24);
    }
}
