//! What a JSON string says.

use memchr::memchr;

/// The inside of a string, as written between its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawText<'b> {
    raw: &'b [u8],
    escaped: bool,
}

impl<'b> RawText<'b> {
    /// Text that says what its bytes are.
    #[must_use]
    pub const fn plain(bytes: &'b [u8]) -> Self {
        Self { raw: bytes, escaped: false }
    }

    /// The inside of a string; `escaped` when there is a backslash in it.
    pub(super) const fn new(raw: &'b [u8], escaped: bool) -> Self {
        Self { raw, escaped }
    }

    /// The text, when it stands there without escapes.
    #[must_use]
    pub const fn as_plain(&self) -> Option<&'b [u8]> {
        if self.escaped { None } else { Some(self.raw) }
    }

    /// Appends the text. Half a surrogate pair, which no Unicode text can hold, becomes
    /// U+FFFD.
    pub fn decode(&self, out: &mut Vec<u8>) {
        for chunk in self.chunks() {
            match chunk {
                Chunk::Plain(bytes) => out.extend_from_slice(bytes),
                Chunk::Escape(character) => {
                    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
        }
    }

    /// Whether the text is these bytes.
    #[inline]
    #[must_use]
    pub fn is(&self, text: &[u8]) -> bool {
        if self.escaped { self.decodes_to(text) } else { self.raw == text }
    }

    #[cold]
    fn decodes_to(&self, text: &[u8]) -> bool {
        let rest = self.chunks().try_fold(text, |rest, chunk| match chunk {
            Chunk::Plain(bytes) => rest.strip_prefix(bytes),
            Chunk::Escape(character) => {
                rest.strip_prefix(character.encode_utf8(&mut [0; 4]).as_bytes())
            }
        });
        rest.is_some_and(<[u8]>::is_empty)
    }

    fn chunks(&self) -> Chunks<'b> {
        Chunks { rest: self.raw, escaped: self.escaped }
    }
}

/// A piece of a string.
enum Chunk<'b> {
    /// Bytes that stand for themselves.
    Plain(&'b [u8]),
    /// What an escape stands for.
    Escape(char),
}

struct Chunks<'b> {
    rest: &'b [u8],
    escaped: bool,
}

impl<'b> Iterator for Chunks<'b> {
    type Item = Chunk<'b>;

    fn next(&mut self) -> Option<Chunk<'b>> {
        if !self.escaped {
            let plain = std::mem::take(&mut self.rest);
            return (!plain.is_empty()).then_some(Chunk::Plain(plain));
        }
        match self.rest {
            [] => None,
            [b'\\', letter, rest @ ..] => {
                self.rest = rest;
                Some(Chunk::Escape(match letter {
                    b'b' => '\u{8}',
                    b'f' => '\u{c}',
                    b'n' => '\n',
                    b'r' => '\r',
                    b't' => '\t',
                    b'u' => self.unicode(),
                    other => char::from(*other),
                }))
            }
            bytes => {
                // A lone backslash at the end cannot come out of the scanner.
                let end = memchr(b'\\', bytes).filter(|&at| at > 0).unwrap_or(bytes.len());
                let (plain, rest) = bytes.split_at_checked(end)?;
                self.rest = rest;
                Some(Chunk::Plain(plain))
            }
        }
    }
}

impl Chunks<'_> {
    /// The character of `\u`, and of a second one when the first is half a pair.
    fn unicode(&mut self) -> char {
        let Some((unit, rest)) = code_unit(self.rest) else {
            return char::REPLACEMENT_CHARACTER;
        };
        self.rest = rest;
        if let Some(character) = char::from_u32(u32::from(unit)) {
            return character;
        }
        if let [b'\\', b'u', rest @ ..] = self.rest
            && let Some((second, rest)) = code_unit(rest)
            && let Some(Ok(character)) = char::decode_utf16([unit, second]).next()
        {
            self.rest = rest;
            return character;
        }
        char::REPLACEMENT_CHARACTER
    }
}

/// Four hexadecimal digits, and what follows them.
pub(super) fn code_unit(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (digits, rest) = bytes.split_first_chunk::<4>()?;
    let mut unit = 0;
    for &digit in digits {
        unit = unit << 4 | u16::try_from(char::from(digit).to_digit(16)?).ok()?;
    }
    Some((unit, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(raw: &str) -> String {
        let mut out = Vec::new();
        RawText::new(raw.as_bytes(), true).decode(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_escape_says_its_character() {
        assert_eq!(decoded(r#"\"\\\/\b\f\n\r\t"#), "\"\\/\u{8}\u{c}\n\r\t");
        assert_eq!(decoded(r"a\u00e9é\u20AC"), "aéé€");
        assert_eq!(decoded(r"\ud83d\ude00!"), "😀!");
    }

    #[test]
    fn half_a_pair_is_replaced_and_the_rest_kept() {
        assert_eq!(decoded(r"\ud83dx"), "\u{fffd}x");
        assert_eq!(decoded(r"\ude00\ud83d"), "\u{fffd}\u{fffd}");
        assert_eq!(decoded(r"\ud83d\u0041"), "\u{fffd}A");
        assert_eq!(decoded(r"\ud83d\ud83d\ude00"), "\u{fffd}😀");
    }

    #[test]
    fn escaped_text_is_compared_by_what_it_says() {
        let text = RawText::new(br"a\u0062\n", true);
        assert!(text.is(b"ab\n"));
        assert!(!text.is(b"ab"));
        assert!(!text.is(b"ab\nc"));
        assert!(!text.is(br"a\u0062\n"));
        assert!(RawText::plain(br"\n").is(br"\n"));
    }
}
