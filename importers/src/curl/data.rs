//! The bodies that `-d` and its like put together.

use std::fmt::Write as _;

use super::shell::Input;
use crate::source::Source;
use crate::text::{literal, plain};

/// A piece of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text, as it is sent.
    Text(String),
    /// A file that is not here.
    File(String),
}

/// How an option reads its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `-d`: `@file` without its ends of lines.
    Ascii,
    /// `--data-binary`, `--json`: `@file` as it is.
    Binary,
    /// `--data-raw`: no files.
    Raw,
    /// `--data-urlencode`.
    Encoded,
}

/// Reads the value of an option.
pub(super) fn read(kind: Kind, value: &str, source: &Source, input: Option<&Input>) -> Piece {
    match kind {
        Kind::Raw => Piece::Text(value.to_owned()),
        Kind::Ascii | Kind::Binary => match value.strip_prefix('@') {
            None => Piece::Text(value.to_owned()),
            Some(path) => match content(path, source, input) {
                Some(text) if kind == Kind::Ascii => {
                    Piece::Text(text.replace(['\r', '\n', '\0'], ""))
                }
                Some(text) => Piece::Text(text),
                None => Piece::File(named(path, input)),
            },
        },
        Kind::Encoded => encoded(value, source, input),
    }
}

/// `text`, `=text`, `name=text`, `@file` or `name@file`.
fn encoded(value: &str, source: &Source, input: Option<&Input>) -> Piece {
    let at = value.find(['=', '@']);
    let (name, text) = match at.and_then(|at| value.split_at_checked(at)) {
        None => ("", Ok(value.to_owned())),
        Some((name, rest)) => {
            let behind = rest.get(1..).unwrap_or_default();
            if rest.starts_with('=') {
                (name, Ok(behind.to_owned()))
            } else {
                (name, content(behind, source, input).ok_or_else(|| named(behind, input)))
            }
        }
    };
    match text {
        Ok(text) if name.is_empty() => Piece::Text(encode(&text)),
        Ok(text) => Piece::Text(format!("{name}={}", encode(&text))),
        Err(path) => Piece::File(path),
    }
}

/// The text of a file, or of standard input for `-`.
fn content(path: &str, source: &Source, input: Option<&Input>) -> Option<String> {
    let path = match (path, input) {
        ("-", Some(Input::Text(text))) => return Some(text.clone()),
        ("-", Some(Input::File(path))) => path,
        ("-", Some(Input::Unknown) | None) => return None,
        (path, _) => path,
    };
    file(path, source)
}

/// The text of a file, as a text of a plan.
pub(super) fn file(path: &str, source: &Source) -> Option<String> {
    if let Some(text) = source.written(path) {
        return Some(text.to_owned());
    }
    let meant = plain(path);
    let bytes = source.sibling(meant.as_deref().unwrap_or(path))?;
    String::from_utf8(bytes).ok().map(|text| literal(&text))
}

/// The file that a path names, with `-` for standard input.
pub(super) fn named(path: &str, input: Option<&Input>) -> String {
    match (path, input) {
        ("-", Some(Input::File(path))) => path.clone(),
        (path, _) => path.to_owned(),
    }
}

/// Encoded as curl does: blanks as plus signs. Placeholders stay.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::new();
    let mut rest = text;
    while let Some((before, (inside, after))) =
        rest.split_once("${").and_then(|(before, after)| Some((before, after.split_once('}')?)))
    {
        encode_into(before, &mut encoded);
        let placeholder = format!("${{{inside}}}");
        match plain(&placeholder) {
            Some(meant) => encode_into(&meant, &mut encoded),
            None => encoded.push_str(&placeholder),
        }
        rest = after;
    }
    encode_into(rest, &mut encoded);
    encoded
}

fn encode_into(text: &str, into: &mut String) {
    for byte in text.bytes() {
        match byte {
            b' ' => into.push('+'),
            b'-' | b'.' | b'_' | b'~' => into.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => into.push(char::from(byte)),
            byte => {
                let _ = write!(into, "%{byte:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn piece(kind: Kind, value: &str) -> Piece {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("f"), "a b\r\nc\n").unwrap();
        let source = Source::new("x", b"", folder.path()).unwrap();
        read(kind, value, &source, Some(&Input::Text("in".to_owned())))
    }

    #[test]
    fn files_are_read_as_the_option_reads_them() {
        let text = |text: &str| Piece::Text(text.to_owned());
        assert_eq!(piece(Kind::Ascii, "@f"), text("a bc"));
        assert_eq!(piece(Kind::Binary, "@f"), text("a b\r\nc\n"));
        assert_eq!(piece(Kind::Raw, "@f"), text("@f"));
        assert_eq!(piece(Kind::Ascii, "@-"), text("in"));
        assert_eq!(piece(Kind::Ascii, "@missing"), Piece::File("missing".to_owned()));
    }

    #[test]
    fn all_forms_of_urlencode_are_known() {
        for (value, expected) in [
            ("a b&c", "a+b%26c"),
            ("=a=b", "a%3Db"),
            ("n=a b", "n=a+b"),
            ("n=é${env.X}/", "n=%C3%A9${env.X}%2F"),
            ("n=${concat($)}{x}", "n=%24%7Bx%7D"),
            ("@f", "a+b%0D%0Ac%0A"),
            ("n@f", "n=a+b%0D%0Ac%0A"),
        ] {
            assert_eq!(piece(Kind::Encoded, value), Piece::Text(expected.to_owned()), "{value}");
        }
        let nowhere = Source::new("x", b"", Path::new("/nonexistent")).unwrap();
        assert_eq!(read(Kind::Encoded, "n@f", &nowhere, None), Piece::File("f".to_owned()));
    }
}
