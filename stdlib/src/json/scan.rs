//! Tokens of JSON, and values as a whole: checked and read, or passed over.

use super::text::{RawText, code_unit};
use super::{Found, MAX_DEPTH, block};

/// A place in a document. Every method returns `None` when the document turns out not to
/// be JSON there; the place is of no use afterwards.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scanner<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Scanner<'b> {
    pub(super) const fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// What has not been read yet.
    #[inline(always)]
    pub(super) fn rest(&self) -> &'b [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// How much has been read.
    pub(super) const fn offset(&self) -> usize {
        self.at
    }

    /// Goes back or ahead to where [`Self::offset`] was something.
    pub(super) const fn go_to(&mut self, offset: usize) {
        self.at = offset;
    }

    /// Takes the first byte of the next token.
    #[inline(always)]
    pub(super) fn token(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// The first byte of the next token.
    #[inline(always)]
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.bytes.get(self.at)?;
            if byte > b' ' || !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    /// Reads a member's name, as it is, and the colon after it.
    #[inline(always)]
    pub(super) fn name(&mut self) -> Option<RawText<'b>> {
        if self.token()? != b'"' {
            return None;
        }
        let (end, escaped) = block::end_of_string(self.bytes, self.at)?;
        let name = RawText::new(self.bytes.get(self.at..end)?, escaped);
        self.at = end + 1;
        (self.token()? == b':').then_some(name)
    }

    /// Reads a value; arrays and objects are checked, but not looked into.
    pub(super) fn value(&mut self) -> Option<Found<'b>> {
        let byte = self.peek()?;
        let start = self.at;
        self.at += 1;
        Some(match byte {
            b'"' => Found::Text(self.string()?),
            b'{' | b'[' => {
                self.at = start;
                self.check()?;
                Found::Json(self.since(start))
            }
            b'n' => {
                self.literal(b"ull")?;
                Found::Null
            }
            b't' => {
                self.literal(b"rue")?;
                Found::Bool(true)
            }
            b'f' => {
                self.literal(b"alse")?;
                Found::Bool(false)
            }
            _ => {
                let is_whole = self.number(byte)?;
                let digits = self.since(start);
                let text = str::from_utf8(digits).ok()?;
                if is_whole {
                    text.parse().map_or(Found::BigInt(digits), Found::Int)
                } else {
                    Found::Float(text.parse().ok()?)
                }
            }
        })
    }

    /// Passes over a value without checking it: it ends where its quote, its bracket or,
    /// of anything else, the next comma, bracket or blank is.
    #[inline(always)]
    pub(super) fn skip(&mut self) -> Option<()> {
        match self.token()? {
            b'"' => self.at = block::end_of_string(self.bytes, self.at)?.0 + 1,
            b'{' | b'[' => self.at += block::end_of_container(self.rest())?,
            b',' | b':' | b']' | b'}' => return None,
            _ => {
                while self.bytes.get(self.at).is_some_and(|&byte| is_scalar(byte)) {
                    self.at += 1;
                }
            }
        }
        Some(())
    }

    /// Checks a value and passes over it.
    fn check(&mut self) -> Option<()> {
        self.at = self.end_of_value()?;
        Some(())
    }

    /// Takes the place itself and not a reference, so that it can stay in registers here
    /// and where this is called.
    #[inline(never)]
    fn end_of_value(self) -> Option<usize> {
        let mut place = self;
        let mut open = Nesting::default();
        'value: loop {
            match place.token()? {
                b'"' => {
                    place.skip_string()?;
                }
                b'{' => {
                    if place.peek()? != b'}' {
                        open.push(true)?;
                        place.skip_name()?;
                        continue;
                    }
                    place.at += 1;
                }
                b'[' => {
                    if place.peek()? != b']' {
                        open.push(false)?;
                        continue;
                    }
                    place.at += 1;
                }
                b't' => place.literal(b"rue")?,
                b'f' => place.literal(b"alse")?,
                b'n' => place.literal(b"ull")?,
                byte => {
                    place.number(byte)?;
                }
            }
            // A value has ended here, and perhaps what it stands in.
            while let Some(in_object) = open.top() {
                match (place.token()?, in_object) {
                    (b',', true) => {
                        place.skip_name()?;
                        continue 'value;
                    }
                    (b',', false) => continue 'value,
                    (b'}', true) | (b']', false) => open.pop(),
                    _ => return None,
                }
            }
            return Some(place.at);
        }
    }

    fn since(&self, start: usize) -> &'b [u8] {
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    #[inline(always)]
    fn literal(&mut self, letters: &[u8]) -> Option<()> {
        self.rest().starts_with(letters).then_some(())?;
        self.at += letters.len();
        Some(())
    }

    /// The rest of a number that begins with `first`; whether it is a whole one.
    #[inline(always)]
    fn number(&mut self, first: u8) -> Option<bool> {
        let first = if first == b'-' { self.digit()? } else { first };
        match first {
            b'0' => {}
            b'1'..=b'9' => while self.digit().is_some() {},
            _ => return None,
        }
        let mut is_whole = true;
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            is_whole = false;
            self.digit()?;
            while self.digit().is_some() {}
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            is_whole = false;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.digit()?;
            while self.digit().is_some() {}
        }
        Some(is_whole)
    }

    #[inline(always)]
    fn digit(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        byte.is_ascii_digit().then(|| {
            self.at += 1;
            byte
        })
    }

    /// The rest of a string whose first quote has been taken.
    #[inline(always)]
    fn string(&mut self) -> Option<RawText<'b>> {
        let start = self.at;
        let escaped = self.skip_string()?;
        let raw = self.bytes.get(start..self.at - 1)?;
        Some(RawText::new(raw, escaped))
    }

    #[inline(always)]
    fn skip_name(&mut self) -> Option<()> {
        if self.token()? != b'"' {
            return None;
        }
        self.skip_string()?;
        (self.token()? == b':').then_some(())
    }

    /// Passes over the rest of a string; whether there are escapes in it.
    #[inline(always)]
    fn skip_string(&mut self) -> Option<bool> {
        let mut escaped = false;
        loop {
            if let Some(chunk) = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk::<8>) {
                let special = special_bytes(u64::from_le_bytes(*chunk));
                if special == 0 {
                    self.at += 8;
                    continue;
                }
                self.at += special.trailing_zeros() as usize / 8;
            }
            let byte = *self.bytes.get(self.at)?;
            if byte == b'"' {
                self.at += 1;
                return Some(escaped);
            }
            escaped |= byte == b'\\';
            self.at = after_character(self.bytes, self.at)?;
        }
    }
}

/// Whether a byte may stand in a number, `true`, `false` or `null`, or in what pretends to be
/// one of them.
const fn is_scalar(byte: u8) -> bool {
    byte > b' ' && !matches!(byte, b',' | b']' | b'}' | b'"' | b':' | b'[' | b'{')
}

/// Where the character of a string at `at` ends: an escape, or one of the document's last
/// seven bytes.
#[cold]
fn after_character(bytes: &[u8], at: usize) -> Option<usize> {
    match *bytes.get(at)? {
        b'\\' => match *bytes.get(at + 1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 2),
            b'u' => code_unit(bytes.get(at + 2..)?).map(|_| at + 6),
            _ => None,
        },
        0..0x20 => None,
        _ => Some(at + 1),
    }
}

/// The high bits of those of eight bytes that a string cannot hold as they are: quotes,
/// backslashes and control characters. Only the lowest bit is to be trusted: a borrow may
/// set others above it (Hacker's Delight, §6-1).
const fn special_bytes(bytes: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // Flipping the second bit puts the quote, 0x22, right above the control characters.
    let low = bytes ^ (ONES * 2);
    let backslash = bytes ^ (ONES * b'\\' as u64);
    let low_hits = low.wrapping_sub(ONES * 0x21) & !low;
    let backslash_hits = backslash.wrapping_sub(ONES) & !backslash;
    (low_hits | backslash_hits) & (ONES * 0x80)
}

/// What is open around a place: a bit per level, the innermost lowest, set for objects.
#[derive(Default)]
struct Nesting {
    objects: u128,
    depth: u32,
}

impl Nesting {
    #[inline(always)]
    fn push(&mut self, object: bool) -> Option<()> {
        if self.depth == MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        self.objects = self.objects << 1 | u128::from(object);
        Some(())
    }

    #[inline(always)]
    const fn pop(&mut self) {
        self.depth -= 1;
        self.objects >>= 1;
    }

    #[inline(always)]
    const fn top(&self) -> Option<bool> {
        if self.depth == 0 { None } else { Some(self.objects & 1 == 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_bytes_are_found_wherever_they_stand() {
        for byte in 0..=255 {
            for other in [b'a', 0x7f, 0x80, 0xff, b'!', b'#', b' '] {
                for position in 0..8 {
                    let mut chunk = [other; 8];
                    chunk[position] = byte;
                    let hits = special_bytes(u64::from_le_bytes(chunk));
                    let is_special = byte < 0x20 || byte == b'"' || byte == b'\\';
                    let expected = if is_special { position } else { 8 };
                    assert_eq!(hits.trailing_zeros() as usize / 8, expected, "{chunk:x?}");
                }
            }
        }
    }

    #[test]
    fn nesting_is_limited() {
        let nested = |depth: u32| "[".repeat(depth as usize) + &"]".repeat(depth as usize);
        assert!(
            Scanner::new(nested(MAX_DEPTH + 1).as_bytes()).check().is_some(),
            "the last is empty"
        );
        assert!(Scanner::new(nested(MAX_DEPTH + 2).as_bytes()).check().is_none());
        assert!(Scanner::new("[".repeat(100_000).as_bytes()).check().is_none());
    }
}
