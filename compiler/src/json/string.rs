//! Texts: resolving escapes, and finding back from a place in the resolved text to
//! the place in the file.

use std::borrow::Cow;
use std::ops::Range;

use crate::diag::Span;

/// What stands at one place of a raw text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    /// The character it stands for.
    pub(super) char: char,
    /// Bytes it takes in the file.
    pub(super) len: usize,
    /// What is wrong with it.
    pub(super) fault: Option<Fault>,
}

/// What can be wrong inside a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A backslash before a character that needs none; the character is taken as it is.
    Escape,
    /// `\u` without four hexadecimal digits.
    Hex,
    /// Half of a surrogate pair.
    Surrogate,
    /// A character below U+0020.
    Control,
}

/// Reads the unit at the beginning of `raw`; `None` at its end.
pub(super) fn unit(raw: &str) -> Option<Unit> {
    let first = raw.chars().next()?;
    let plain = Unit { char: first, len: first.len_utf8(), fault: None };
    match first {
        '\\' => Some(escape(raw)),
        '\0'..'\x20' => Some(Unit { fault: Some(Fault::Control), ..plain }),
        _ => Some(plain),
    }
}

/// Resolves a raw text (what stands between the quotes), reporting faults with
/// their place in it.
pub(super) fn decode<'s>(
    raw: &'s str,
    mut report: impl FnMut(Fault, Range<usize>),
) -> Cow<'s, str> {
    let special = |b: u8| b == b'\\' || b < 0x20;
    let Some(clean) = raw.bytes().position(special) else {
        return Cow::Borrowed(raw);
    };
    let (head, mut rest) = raw.split_at(clean);
    let mut text = String::with_capacity(raw.len());
    text.push_str(head);
    let mut offset = clean;
    while let Some(unit) = unit(rest) {
        if let Some(fault) = unit.fault {
            report(fault, offset..offset + unit.len);
        }
        text.push(unit.char);
        rest = rest.get(unit.len..).unwrap_or_default();
        offset += unit.len;
        let run = rest.bytes().position(special).unwrap_or(rest.len());
        let (plain, after) = rest.split_at(run);
        text.push_str(plain);
        rest = after;
        offset += run;
    }
    Cow::Owned(text)
}

/// Finds the places in the file of parts of a text.
#[derive(Clone, Copy, Debug)]
pub struct Locator<'t> {
    /// What has not been passed over, as it is written.
    rest: &'t str,
    /// Where that begins in the file.
    at: usize,
    /// Where it begins in the resolved text.
    resolved: usize,
    /// Off for a word without quotes, which has no escapes either.
    escapes: bool,
}

impl<'t> Locator<'t> {
    /// Begins at the beginning of a text: `source` is the whole file, `string` the span of
    /// a [`Kind::String`](super::Kind::String) node, quotes included.
    #[must_use]
    pub fn new(source: &'t str, string: Span) -> Self {
        let raw = source.get(string.range()).unwrap_or_default();
        let quote = raw.chars().next().filter(|&c| is_quote(c)).map(char::len_utf8);
        let skipped = quote.unwrap_or(0);
        Self {
            rest: raw.get(skipped..).unwrap_or_default(),
            at: string.start as usize + skipped,
            resolved: 0,
            escapes: quote.is_some(),
        }
    }

    /// Passes over what stands before a byte of the resolved text, so that parts behind it
    /// are found without looking at that again. Parts before it are not found any more.
    pub fn skip_to(&mut self, offset: usize) {
        while let Some(unit) = self.peek()
            && self.resolved + unit.char.len_utf8() <= offset
        {
            self.pass(unit);
        }
    }

    /// The place of a range of bytes in the resolved text. A range that cuts through an
    /// escape covers it wholly.
    #[must_use]
    pub fn locate(mut self, part: &Range<usize>) -> Span {
        self.skip_to(part.start);
        let start = self.at;
        while self.resolved < part.end
            && let Some(unit) = self.peek()
        {
            self.pass(unit);
        }
        // Offsets of a source fit, since a span already holds them.
        Span::new(start as u32, self.at as u32)
    }

    fn peek(&self) -> Option<Unit> {
        if self.escapes {
            return unit(self.rest);
        }
        let char = self.rest.chars().next()?;
        Some(Unit { char, len: char.len_utf8(), fault: None })
    }

    fn pass(&mut self, unit: Unit) {
        self.rest = self.rest.get(unit.len..).unwrap_or_default();
        self.at += unit.len;
        self.resolved += unit.char.len_utf8();
    }
}

/// Whether texts are found in such quotes, rightly or not.
pub(super) fn is_quote(c: char) -> bool {
    closing_quote(c).is_some()
}

/// The quote that ends a text begun by `opening`, if that is a quote at all.
pub(super) fn closing_quote(opening: char) -> Option<char> {
    match opening {
        '"' | '\'' | '`' => Some(opening),
        '\u{201c}' | '\u{201d}' | '\u{201e}' => Some('\u{201d}'),
        '\u{2018}' | '\u{2019}' | '\u{201a}' => Some('\u{2019}'),
        '\u{ab}' => Some('\u{bb}'),
        _ => None,
    }
}

fn escape(raw: &str) -> Unit {
    let bytes = raw.as_bytes();
    let simple = |char| Unit { char, len: 2, fault: None };
    match bytes.get(1) {
        Some(b'"') => simple('"'),
        Some(b'\\') => simple('\\'),
        Some(b'/') => simple('/'),
        Some(b'b') => simple('\u{8}'),
        Some(b'f') => simple('\u{c}'),
        Some(b'n') => simple('\n'),
        Some(b'r') => simple('\r'),
        Some(b't') => simple('\t'),
        Some(b'u') => unicode(bytes),
        // The backslash stays as a character; what follows is read on its own.
        _ => Unit { char: '\\', len: 1, fault: Some(Fault::Escape) },
    }
}

fn unicode(bytes: &[u8]) -> Unit {
    let Some(first) = hex(bytes) else {
        return Unit { char: '\\', len: 1, fault: Some(Fault::Hex) };
    };
    if let Some(char) = char::from_u32(first) {
        return Unit { char, len: 6, fault: None };
    }
    let second = bytes.get(6..).filter(|rest| rest.starts_with(b"\\u")).and_then(hex);
    if let Some(second @ 0xDC00..=0xDFFF) = second
        && first < 0xDC00
    {
        let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        if let Some(char) = char::from_u32(code) {
            return Unit { char, len: 12, fault: None };
        }
    }
    Unit { char: char::REPLACEMENT_CHARACTER, len: 6, fault: Some(Fault::Surrogate) }
}

/// The four digits of `\uXXXX`.
fn hex(bytes: &[u8]) -> Option<u32> {
    bytes
        .get(2..6)?
        .iter()
        .try_fold(0, |value, &digit| Some(value << 4 | char::from(digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(raw: &str) -> (String, Vec<Fault>) {
        let mut faults = Vec::new();
        let text = decode(raw, |fault, _| faults.push(fault)).into_owned();
        (text, faults)
    }

    #[test]
    fn all_escapes_resolve() {
        let (text, faults) = decoded(r#"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00z"#);
        assert_eq!(text, "a\"\\/\u{8}\u{c}\n\r\t\u{e9}\u{1F600}z");
        assert_eq!(faults, []);
    }

    #[test]
    fn plain_text_is_borrowed() {
        assert!(matches!(decode("caf\u{e9}", |_, _| ()), Cow::Borrowed("caf\u{e9}")));
    }

    #[test]
    fn faults_keep_what_was_written_as_far_as_possible() {
        assert_eq!(decoded(r"C:\users"), ("C:\\users".into(), vec![Fault::Hex]));
        assert_eq!(decoded(r"\d+"), ("\\d+".into(), vec![Fault::Escape]));
        assert_eq!(decoded(r"\ud83dx"), ("\u{fffd}x".into(), vec![Fault::Surrogate]));
        assert_eq!(
            decoded(r"\ude00\ud83d"),
            ("\u{fffd}\u{fffd}".into(), vec![Fault::Surrogate; 2])
        );
        assert_eq!(decoded(r"\ud83d\ud83d\ude00").0, "\u{fffd}\u{1F600}");
        assert_eq!(decoded("a\tb"), ("a\tb".into(), vec![Fault::Control]));
        assert_eq!(decoded("\\"), ("\\".into(), vec![Fault::Escape]));
        assert_eq!(decoded(r"\u12"), ("\\u12".into(), vec![Fault::Hex]));
    }

    #[test]
    fn a_part_of_a_text_is_found_in_the_file() {
        // The placeholder stands behind an escape, a character of two bytes and a pair.
        let source = r#"  "\n\u00e9\ud83d\ude00${id}!""#;
        let string = Span::new(2, source.len() as u32);
        let text = decode(&source[3..source.len() - 1], |_, _| ());
        let start = text.find("${").expect("the placeholder");
        let mut place = Locator::new(source, string);
        assert_eq!(&source[place.locate(&(start..start + 5)).range()], "${id}");
        assert_eq!(&source[place.locate(&(0..1)).range()], r"\n");
        assert_eq!(&source[place.locate(&(4..5)).range()], r"\ud83d\ude00");
        assert_eq!(place.locate(&(text.len()..text.len())).len(), 0);
        place.skip_to(5);
        assert_eq!(&source[place.locate(&(4..5)).range()], r"\ud83d\ude00");
        place.skip_to(start);
        assert_eq!(&source[place.locate(&(start..start + 5)).range()], "${id}");
    }
}
