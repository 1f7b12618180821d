//! The text of a plan and places in it.

use std::ops::Range;
use std::sync::OnceLock;

use ld_stdlib::Span;

use super::{Code, Diagnostic};

/// A line and a column as editors show them: both count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Character in the line, from 1.
    pub column: u32,
}

/// The largest source, in bytes; a plan beyond it is surely not a plan.
pub const MAX_SOURCE_BYTES: usize = 1 << 30;

/// After so many bytes characters are counted anew.
const BLOCK: usize = 128;

/// A plan as it was read, with the name to show for it.
#[derive(Debug)]
pub struct Source {
    name: String,
    text: String,
    /// Offset of the first byte of each line, made when first asked for.
    lines: OnceLock<Vec<u32>>,
    /// How many characters begin before each block of [`BLOCK`] bytes, made likewise: plans
    /// that programs write are often one line.
    characters: OnceLock<Vec<u32>>,
}

impl Source {
    /// A source from text.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let (lines, characters) = (OnceLock::new(), OnceLock::new());
        Self { name: name.into(), text: text.into(), lines, characters }
    }

    /// A source from the bytes of a file.
    ///
    /// Bytes that are not UTF-8 are replaced, so that the rest can still be looked
    /// at, and reported; so is a source above [`MAX_SOURCE_BYTES`], which is then empty.
    #[must_use]
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>) -> (Self, Option<Diagnostic>) {
        let name = name.into();
        if bytes.len() > MAX_SOURCE_BYTES {
            let problem = Diagnostic::new(
                Code::FileTooLarge,
                format!("`{name}` has {} bytes, which is too large for a plan", bytes.len()),
            )
            .note(format!("the limit is {MAX_SOURCE_BYTES} bytes"));
            return (Self::new(name, ""), Some(problem));
        }
        match String::from_utf8(bytes) {
            Ok(text) => (Self::new(name, text), None),
            Err(error) => {
                let offset = error.utf8_error().valid_up_to();
                let byte = error.as_bytes().get(offset).copied().unwrap_or_default();
                let source = Self::new(name, String::from_utf8_lossy(error.as_bytes()));
                // What precedes the first bad byte is unchanged, so the offset holds.
                let start = offset as u32;
                let end = start + char::REPLACEMENT_CHARACTER.len_utf8() as u32;
                let problem = Diagnostic::new(
                    Code::NotUtf8,
                    format!("`{}` is not UTF-8 text: byte {offset} is 0x{byte:02X}", source.name),
                )
                .label(Span::new(start, end), "this byte")
                .help("save the plan as UTF-8");
                (source, Some(problem))
            }
        }
    }

    /// The name shown to users, usually the path as it was given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of a span; empty if the span is not of this source.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// The line and column of an offset. An offset beyond the end counts as the end.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let offset = offset.min(self.text.len() as u32);
        let line = self.line_at(offset);
        let start = self.line_range(line).map_or(0, |range| range.start);
        let mut columns = self.characters_before(offset) - self.characters_before(start as u32);
        // A byte order mark takes no place on the screen.
        if line == 0 && offset > 0 && self.text.starts_with('\u{feff}') {
            columns -= 1;
        }
        Position { line: line as u32 + 1, column: columns + 1 }
    }

    /// How many characters begin before an offset.
    fn characters_before(&self, offset: u32) -> u32 {
        let blocks = self.characters.get_or_init(|| {
            let blocks = self.text.as_bytes().chunks(BLOCK);
            let count = |count: &mut u32, block| {
                let before = *count;
                *count += characters(block);
                Some(before)
            };
            blocks.chain([[].as_slice()]).scan(0, count).collect()
        });
        let offset = offset as usize;
        let block = offset / BLOCK;
        let before = blocks.get(block).copied().unwrap_or_default();
        before + self.text.as_bytes().get(block * BLOCK..offset).map_or(0, characters)
    }

    /// Index, from 0, of the line an offset lies in.
    pub(crate) fn line_at(&self, offset: u32) -> usize {
        self.line_starts().partition_point(|&start| start <= offset).saturating_sub(1)
    }

    /// The bytes of a line without its line break.
    pub(crate) fn line_range(&self, line: usize) -> Option<Range<usize>> {
        let starts = self.line_starts();
        let start = *starts.get(line)? as usize;
        let end = starts.get(line + 1).map_or(self.text.len(), |&next| next as usize);
        let text = self.text.get(start..end)?;
        Some(start..start + text.trim_end_matches(['\n', '\r']).len())
    }

    fn line_starts(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let breaks = memchr::memchr_iter(b'\n', self.text.as_bytes());
            std::iter::once(0).chain(breaks.map(|at| at as u32 + 1)).collect()
        })
    }
}

/// How many characters of UTF-8 text begin in a part of it.
fn characters(bytes: &[u8]) -> u32 {
    bytes.iter().filter(|byte| (byte.cast_signed()) >= -0x40).count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let source = Source::new("x", "ab\r\n\u{e9}\u{1F600}c\n");
        let at = |offset| {
            let Position { line, column } = source.position(offset);
            (line, column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(1), (1, 2));
        assert_eq!(at(4), (2, 1));
        assert_eq!(at(6), (2, 2));
        assert_eq!(at(10), (2, 3));
        assert_eq!(at(12), (3, 1));
        assert_eq!(at(u32::MAX), (3, 1));
    }

    #[test]
    fn an_offset_inside_a_character_does_not_panic() {
        let source = Source::new("x", "\u{1F600}");
        for offset in 0..6 {
            assert_eq!(source.position(offset).line, 1);
        }
    }

    #[test]
    fn columns_of_long_lines_are_those_of_short_ones() {
        let text: String = ["\u{e9}\u{1F600}c"].repeat(1000).concat();
        let source = Source::new("x", format!("short\n{text}\n{text}"));
        for (column, (offset, _)) in (1..).zip(text.char_indices()) {
            for (line, start) in [(2, 6), (3, 7 + text.len())] {
                let position = source.position((start + offset) as u32);
                assert_eq!(position, Position { line, column }, "{offset}");
            }
        }
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        assert_eq!(Source::new("x", "\u{feff}[]").position(3), Position { line: 1, column: 1 });
    }

    #[test]
    fn bytes_that_are_not_utf8_are_named_by_line_and_byte() {
        let (source, problem) = Source::from_bytes("p.json", b"[\n\"caf\xe9\"]".to_vec());
        let problem = problem.expect("a problem");
        assert_eq!(problem.message, "`p.json` is not UTF-8 text: byte 6 is 0xE9");
        assert_eq!(source.position(problem.labels[0].span.start), Position { line: 2, column: 5 });
        assert_eq!(source.slice(problem.labels[0].span), "\u{fffd}");
    }

    #[test]
    fn a_span_never_ends_before_it_starts() {
        assert_eq!(Span::new(5, 3), Span::at(5));
        assert_eq!(Span::new(4, 6).to(Span::new(1, 5)), Span::new(1, 6));
    }
}
