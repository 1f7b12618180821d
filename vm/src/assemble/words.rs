//! The words of a listing.

use super::Parsed;

/// The words of a line still to be read.
pub(super) struct Words<'l> {
    pub(super) rest: &'l str,
}

impl<'l> Words<'l> {
    pub(super) fn new(line: &'l str) -> Self {
        let mut words = Self { rest: line };
        words.trim();
        words
    }

    pub(super) fn trim(&mut self) {
        self.rest = self.rest.trim_start();
        if self.rest.starts_with(';') {
            self.rest = "";
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// A word up to a space, or up to the brace that closes a slot.
    pub(super) fn word(&mut self) -> Parsed<&'l str> {
        let end = self.rest.find([' ', '}']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        self.trim();
        if word.is_empty() { Err("another word") } else { Ok(word) }
    }

    /// A name: a word, or a quoted text when it would not read as one.
    pub(super) fn name(&mut self) -> Parsed<String> {
        if self.rest.starts_with('"') {
            return String::from_utf8(self.text()?).map_err(|_| "a name in UTF-8");
        }
        self.word().map(str::to_owned)
    }

    /// The name of a source; where an earlier one has the same, with its number.
    pub(super) fn source(&mut self) -> Parsed<(String, Option<u32>)> {
        let quoted = self.rest.starts_with('"');
        let name = self.name()?;
        if quoted {
            let number = if self.symbol('#') { Some(self.number()?) } else { None };
            return Ok((name, number));
        }
        match name.split_once('#') {
            None => Ok((name, None)),
            Some((name, number)) => {
                Ok((name.to_owned(), Some(number.parse().map_err(|_| "a number")?)))
            }
        }
    }

    pub(super) fn expect(&mut self, word: &'static str) -> Parsed<()> {
        if self.word()? == word { Ok(()) } else { Err(word) }
    }

    pub(super) fn number<N: std::str::FromStr>(&mut self) -> Parsed<N> {
        self.word()?.parse().map_err(|_| "a number")
    }

    pub(super) fn prefixed<N: std::str::FromStr>(&mut self, prefix: char) -> Parsed<N> {
        let word = self.word()?.strip_prefix(prefix).ok_or("a letter and a number")?;
        word.parse().map_err(|_| "a letter and a number")
    }

    pub(super) fn symbol(&mut self, symbol: char) -> bool {
        let found = self.rest.strip_prefix(symbol);
        if let Some(rest) = found {
            self.rest = rest;
            self.trim();
        }
        found.is_some()
    }

    /// A quoted text.
    pub(super) fn text(&mut self) -> Parsed<Vec<u8>> {
        let mut characters = self.rest.strip_prefix('"').ok_or("a text in quotes")?.chars();
        let mut bytes = Vec::new();
        loop {
            match characters.next().ok_or("the end of a text")? {
                '"' => break,
                '\\' => escape(&mut characters, &mut bytes)?,
                other => push_char(other, &mut bytes),
            }
        }
        self.rest = characters.as_str();
        self.trim();
        Ok(bytes)
    }
}

fn push_char(character: char, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

fn escape(characters: &mut std::str::Chars<'_>, bytes: &mut Vec<u8>) -> Parsed<()> {
    const EXPECTED: &str = "one of the escapes \\n \\r \\t \\\" \\\\ \\xNN \\u{N}";
    match characters.next().ok_or(EXPECTED)? {
        'n' => bytes.push(b'\n'),
        'r' => bytes.push(b'\r'),
        't' => bytes.push(b'\t'),
        quoted @ ('"' | '\\') => push_char(quoted, bytes),
        'x' => {
            let mut nibble = || characters.next().and_then(|c| c.to_digit(16)).ok_or(EXPECTED);
            let byte = nibble()? * 16 + nibble()?;
            bytes.push(u8::try_from(byte).map_err(|_| EXPECTED)?);
        }
        'u' => {
            let rest = characters.as_str().strip_prefix('{').ok_or(EXPECTED)?;
            let (digits, rest) = rest.split_once('}').ok_or(EXPECTED)?;
            let code = u32::from_str_radix(digits, 16).map_err(|_| EXPECTED)?;
            push_char(char::from_u32(code).ok_or(EXPECTED)?, bytes);
            *characters = rest.chars();
        }
        _ => return Err(EXPECTED),
    }
    Ok(())
}
