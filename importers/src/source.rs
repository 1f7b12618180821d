//! What is imported: texts, and files they name.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Files that are named in a source are taken into the plan up to this size.
const MAX_SIBLING_BYTES: u64 = 16 << 20;

/// A text to import.
#[derive(Clone, Debug)]
pub struct Source {
    /// What it is called in messages: a path, `<stdin>` or `<inline>`.
    pub name: String,
    /// The text, without a byte order mark.
    pub text: String,
    /// The folder that paths in the text start from.
    pub folder: PathBuf,
    /// Files that the text itself writes, by their paths.
    written: HashMap<String, String>,
    /// Where the ends of lines are, made when a line is asked for first.
    line_ends: OnceLock<Vec<usize>>,
}

impl Source {
    /// A source from bytes; a byte order mark is skipped, UTF-16 with one is understood.
    ///
    /// # Errors
    /// When the bytes are not text; the message says where.
    pub fn new(name: &str, bytes: impl Into<Vec<u8>>, folder: &Path) -> Result<Self, Failure> {
        // Taken, not copied: recordings are large.
        let mut bytes: Vec<u8> = bytes.into();
        let text = match bytes.as_slice() {
            [0xef, 0xbb, 0xbf, ..] => {
                bytes.drain(..3);
                utf8(name, bytes)?
            }
            [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
            [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
            _ => utf8(name, bytes)?,
        };
        let (name, folder) = (name.to_owned(), folder.to_owned());
        let written = HashMap::new();
        Ok(Self { name, text, folder, written, line_ends: OnceLock::new() })
    }

    /// The content of a file that the source names, if there is one of a size that belongs into
    /// a plan. Devices and pipes are not read: they may have no end.
    pub(crate) fn sibling(&self, path: &str) -> Option<Vec<u8>> {
        let path = self.folder.join(path);
        let about = std::fs::metadata(&path).ok()?;
        (about.is_file() && about.len() <= MAX_SIBLING_BYTES).then(|| std::fs::read(path).ok())?
    }

    /// The text of a file that the text itself writes, as a text of the plan.
    pub(crate) fn written(&self, path: &str) -> Option<&str> {
        self.written.get(path).map(String::as_str)
    }

    /// Takes in files that the text itself writes.
    pub(crate) fn write(&mut self, files: HashMap<String, String>) {
        self.written = files;
    }

    /// The line, from 1, of a byte of the text.
    pub(crate) fn line(&self, offset: usize) -> usize {
        let ends = self
            .line_ends
            .get_or_init(|| self.text.match_indices('\n').map(|(at, _)| at).collect());
        1 + ends.partition_point(|&end| end < offset)
    }
}

fn utf8(name: &str, bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes().iter().take(valid).filter(|&&byte| byte == b'\n').count();
        Failure::new(
            &format!("{name}:{line}"),
            format!("this is not UTF-8: the byte at offset {valid} belongs to no character"),
        )
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| match pair {
        [first, second] => unit([*first, *second]),
        _ => 0,
    });
    char::decode_utf16(units).map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Why nothing could be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The source, and the line where it is known: `login.har:7`.
    pub place: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl Failure {
    pub(crate) fn new(place: &str, message: impl Into<String>) -> Self {
        Self { place: place.to_owned(), message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_marks_are_understood_and_left_out() {
        let read = |bytes: &[u8]| Source::new("x", bytes, Path::new("")).unwrap().text;
        assert_eq!(read(b"\xef\xbb\xbfcurl"), "curl");
        assert_eq!(read(b"\xff\xfec\0u\0"), "cu");
        assert_eq!(read(b"\xfe\xff\0c\0u"), "cu");
    }

    #[test]
    fn devices_are_not_read() {
        let source = Source::new("x", b"", Path::new("")).unwrap();
        assert_eq!(source.sibling("/dev/zero"), None);
    }

    #[test]
    fn lines_are_counted_from_one() {
        let source = Source::new("x", b"a\nb\n\nc", Path::new("")).unwrap();
        let lines: Vec<usize> = [0, 1, 2, 4, 5, 99].map(|offset| source.line(offset)).to_vec();
        assert_eq!(lines, [1, 1, 2, 3, 4, 4]);
    }

    #[test]
    fn what_is_not_utf8_is_refused_with_its_line() {
        let failure = Source::new("x.sh", b"curl\ncurl \xff", Path::new("")).unwrap_err();
        assert_eq!(failure.place, "x.sh:2");
    }
}
