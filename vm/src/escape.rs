//! How a value is written into the place where its slot stands.

use wide::u8x16;

use crate::value::Value;

macro_rules! escapes {
    ($($number:literal $name:ident $label:literal $doc:literal;)*) => {
        /// The kinds of places a slot can stand in.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Escape {
            $(#[doc = $doc] $name = $number,)*
        }

        impl Escape {
            /// Every escape, in the order of the numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The escape with this number in a program.
            #[must_use]
            pub const fn from_number(number: u32) -> Option<Self> {
                match number { $($number => Some(Self::$name),)* _ => None }
            }

            /// The name in a listing.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }
        }
    };
}

escapes! {
    0 Raw "raw" "As it is.";
    1 JsonText "json" "Inside a JSON string: quotes, backslashes and control characters escaped, other characters beyond ASCII as `\\uXXXX`.";
    2 JsonValue "value" "A whole JSON value: text quoted, numbers, booleans, arrays and objects as they are.";
    3 Url "url" "Somewhere in a URL: characters that may not stand in one percent-encoded, delimiters and `%` kept.";
    4 Query "query" "One value of a query string or form: everything but unreserved characters percent-encoded, a space as `+`.";
    5 Header "header" "A header value: carriage return, line feed and NUL replaced by a space, so that a value cannot add headers.";
    6 QueryJsonText "query-json" "Inside a JSON string that is itself a value of a query string or form.";
    7 QueryJsonValue "query-value" "A whole JSON value inside JSON that is itself a value of a query string or form.";
}

impl Escape {
    /// The escape of a place inside a text that stands in another place itself. JSON stands in
    /// bodies, headers and queries.
    #[must_use]
    pub const fn inside(self, outer: Self) -> Self {
        match (self, outer) {
            (Self::JsonText, Self::Query) => Self::QueryJsonText,
            (Self::JsonValue, Self::Query) => Self::QueryJsonValue,
            (Self::JsonText | Self::JsonValue, Self::Raw | Self::Header) => self,
            _ => outer,
        }
    }

    /// Appends `value` in the form its place needs.
    pub fn write(self, value: Value<'_>, out: &mut Vec<u8>) {
        match (self, value) {
            (Self::JsonValue, Value::Null | Value::Unset) => out.extend_from_slice(b"null"),
            (Self::JsonValue, Value::Text(bytes)) => {
                out.push(b'"');
                json_text(bytes, out);
                out.push(b'"');
            }
            (Self::Raw | Self::JsonValue, other) => other.write_text(out),
            (
                Self::JsonText | Self::Url | Self::Query | Self::Header,
                Value::Text(bytes) | Value::Json(bytes),
            ) => self.write_bytes(bytes, out),
            (Self::QueryJsonText, other) => {
                query_of(out, |out| Self::JsonText.write(other, out));
            }
            (Self::QueryJsonValue, other) => {
                query_of(out, |out| Self::JsonValue.write(other, out));
            }
            // Of all numbers only a float's exponent has a character to escape.
            (Self::Query, Value::Float(_)) => query_of(out, |out| value.write_text(out)),
            (_, other) => other.write_text(out),
        }
    }

    /// Appends literal text of a template in the form its place needs.
    pub fn write_bytes(self, bytes: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Raw | Self::JsonValue => out.extend_from_slice(bytes),
            Self::JsonText => json_text(bytes, out),
            Self::Url => percent(bytes, is_url_byte, out),
            Self::Query => query(bytes, out),
            Self::QueryJsonText => query_of(out, |out| json_text(bytes, out)),
            Self::QueryJsonValue => query_of(out, |out| out.extend_from_slice(bytes)),
            Self::Header => {
                out.extend(
                    bytes.iter().map(|&b| if matches!(b, b'\r' | b'\n' | 0) { b' ' } else { b }),
                );
            }
        }
    }
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

fn hex_digit(nibble: u8) -> u8 {
    HEX.get(usize::from(nibble & 15)).copied().unwrap_or(b'0')
}

fn percent_byte(byte: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(&[b'%', hex_digit(byte >> 4), hex_digit(byte)]);
}

/// Whether every byte is of a kind, without stopping at the first that is not: values are
/// short and nearly always need no escaping, and without a way out the loop runs in
/// vectors. The last bytes are looked at together with some before them.
fn all(bytes: &[u8], kind: impl Fn(u8) -> bool) -> bool {
    const LANES: usize = 16;
    let look = |bytes: &[u8]| bytes.iter().fold(true, |all, &byte| all & kind(byte));
    match bytes.last_chunk::<LANES>() {
        Some(last) => {
            let chunks = bytes.as_chunks::<LANES>().0;
            chunks.iter().fold(look(last), |all, chunk| all & look(chunk))
        }
        None => look(bytes),
    }
}

fn percent(bytes: &[u8], keep: impl Fn(u8) -> bool, out: &mut Vec<u8>) {
    if all(bytes, &keep) {
        out.extend_from_slice(bytes);
        return;
    }
    for &byte in bytes {
        if keep(byte) { out.push(byte) } else { percent_byte(byte, out) }
    }
}

fn query(bytes: &[u8], out: &mut Vec<u8>) {
    for &byte in bytes {
        match byte {
            b' ' => out.push(b'+'),
            _ if is_unreserved(byte) => out.push(byte),
            _ => percent_byte(byte, out),
        }
    }
}

/// Escapes what `write` appends. Nothing but `out` is allocated, and that only grows.
fn query_of(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    write(out);
    let end = out.len();
    for at in start..end {
        match out.get(at).copied() {
            Some(b' ') => out.push(b'+'),
            Some(byte) if is_unreserved(byte) => out.push(byte),
            Some(byte) => percent_byte(byte, out),
            None => {}
        }
    }
    out.drain(start..end);
}

/// RFC 3986 §2.3.
const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Unreserved and reserved characters (RFC 3986 §2.2), and `%`, which is taken to begin
/// an escape that the plan wrote itself.
const fn is_url_byte(byte: u8) -> bool {
    is_unreserved(byte)
        || matches!(
            byte,
            b':' | b'/'
                | b'?'
                | b'#'
                | b'['
                | b']'
                | b'@'
                | b'!'
                | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
                | b'%'
        )
}

/// Appends the inside of a JSON string (RFC 8259 §7). Bytes that are not UTF-8 become
/// U+FFFD, because JSON cannot carry them.
fn json_text(bytes: &[u8], out: &mut Vec<u8>) {
    if is_plain_json(bytes) {
        out.extend_from_slice(bytes);
        return;
    }
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            json_character(character, out);
        }
        if !chunk.invalid().is_empty() {
            json_character(char::REPLACEMENT_CHARACTER, out);
        }
    }
}

/// Whether every byte stands for itself in a JSON string. As with [`all`], it is faster to look
/// at all of them.
fn is_plain_json(bytes: &[u8]) -> bool {
    const LANES: usize = 16;
    const SPACE: u8x16 = u8x16::new([b' '; LANES]);
    const LAST: u8x16 = u8x16::new([b'~'; LANES]);
    const QUOTE: u8x16 = u8x16::new([b'"'; LANES]);
    const BACKSLASH: u8x16 = u8x16::new([b'\\'; LANES]);
    let others = |chunk: &[u8; LANES]| {
        let chunk = u8x16::new(*chunk);
        let inside = chunk.max(SPACE).min(LAST);
        chunk.simd_ne(inside) | chunk.simd_eq(QUOTE) | chunk.simd_eq(BACKSLASH)
    };
    let Some(last) = bytes.last_chunk::<LANES>() else {
        let mut chunk = [b' '; LANES];
        if let Some(start) = chunk.get_mut(..bytes.len()) {
            start.copy_from_slice(bytes);
        }
        return !others(&chunk).any();
    };
    // The last bytes are looked at together with some before them.
    let chunks = bytes.as_chunks::<LANES>().0.iter();
    !chunks.fold(others(last), |found, chunk| found | others(chunk)).any()
}

fn json_character(character: char, out: &mut Vec<u8>) {
    match character {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        '\u{8}' => out.extend_from_slice(b"\\b"),
        '\u{c}' => out.extend_from_slice(b"\\f"),
        ' '..='~' => out.push(character as u8),
        _ => {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let [high, low] = unit.to_be_bytes();
                out.extend_from_slice(b"\\u");
                for nibble in [high >> 4, high, low >> 4, low] {
                    out.push(hex_digit(nibble).to_ascii_lowercase());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(escape: Escape, value: Value<'_>) -> String {
        let mut out = Vec::new();
        escape.write(value, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_place_gets_its_own_form() {
        let text = Value::Text("a b\"&é\r\n%2f".as_bytes());
        for (escape, expected) in [
            (Escape::Raw, "a b\"&é\r\n%2f"),
            (Escape::JsonText, r#"a b\"&\u00e9\r\n%2f"#),
            (Escape::JsonValue, r#""a b\"&\u00e9\r\n%2f""#),
            (Escape::Url, "a%20b%22&%C3%A9%0D%0A%2f"),
            (Escape::Query, "a+b%22%26%C3%A9%0D%0A%252f"),
            (Escape::Header, "a b\"&é  %2f"),
            (Escape::QueryJsonText, "a+b%5C%22%26%5Cu00e9%5Cr%5Cn%252f"),
            (Escape::QueryJsonValue, "%22a+b%5C%22%26%5Cu00e9%5Cr%5Cn%252f%22"),
        ] {
            assert_eq!(written(escape, text), expected, "{escape:?}");
        }
    }

    #[test]
    fn whole_json_values_keep_their_type() {
        for (value, expected) in [
            (Value::Int(3), "3"),
            (Value::Bool(false), "false"),
            (Value::Null, "null"),
            (Value::Float(1.0), "1.0"),
            (Value::Json(b"[1]"), "[1]"),
            (Value::Text(b"3"), "\"3\""),
        ] {
            assert_eq!(written(Escape::JsonValue, value), expected);
        }
    }

    #[test]
    fn characters_beyond_the_basic_plane_are_surrogate_pairs() {
        assert_eq!(written(Escape::JsonText, Value::Text("😀".as_bytes())), r"\ud83d\ude00");
        assert_eq!(written(Escape::JsonText, Value::Text(b"\xff")), r"\ufffd");
    }

    #[test]
    fn what_needs_escaping_is_seen_wherever_it_stands() {
        for length in 0..70 {
            let plain = vec![b'x'; length];
            assert!(all(&plain, |byte| byte == b'x'));
            for at in 0..length {
                let mut bytes = plain.clone();
                for special in [b'"', b'\\', 0x1f, 0x7f, 0, 0xff] {
                    bytes[at] = special;
                    assert!(!all(&bytes, |byte| byte == b'x'), "{at} of {length}");
                    assert!(!is_plain_json(&bytes), "{at} of {length}: {special}");
                }
                bytes[at] = if at % 2 == 0 { b' ' } else { b'~' };
                assert!(is_plain_json(&bytes));
            }
        }
    }

    #[test]
    fn an_exponent_is_escaped_in_a_query() {
        assert_eq!(written(Escape::Query, Value::Float(1e20)), "1e%2B20");
    }
}
