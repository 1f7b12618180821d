//! Texts, words and numbers that are not written as JSON wants them.

use std::borrow::Cow;

use crate::diag::{Code, Diagnostic, Span, shorten};
use crate::json::Kind;
use crate::json::number::{self, Number};
use crate::json::parser::{Parser, in_number, span, starts_quoted};
use crate::json::string::{Fault, closing_quote};

/// What separates texts, and so is probably not the end of one.
const SEPARATORS: [char; 9] = [' ', '\t', '\r', ',', ':', '{', '}', '[', ']'];

impl<'s> Parser<'s, '_> {
    /// A value that begins with none of the characters JSON values begin with.
    /// `None` if it was no value at all and has been skipped.
    pub(in crate::json) fn odd_value(&mut self) -> Option<Kind<'s>> {
        let rest = self.rest();
        let first = rest.chars().next()?;
        if starts_quoted(rest) {
            return Some(Kind::String(self.odd_string().0));
        }
        if matches!(first, '+' | '.') {
            let length = rest.bytes().take_while(|&b| in_number(b)).count();
            if length > 1 {
                return Some(self.bad_number(self.slice(self.at, self.at + length)));
            }
        }
        if first.is_alphabetic() || matches!(first, '_' | '$') {
            return Some(self.unquoted_text());
        }
        self.stray();
        None
    }

    /// Whether the line break at `at` stands inside a text, since the next line
    /// begins like none of JSON does and has the quote that is missing on this one.
    pub(in crate::json) fn goes_on_after(&self, at: usize) -> bool {
        let next = self.text.get(at + 1..).unwrap_or_default();
        let next = next.trim_start_matches([' ', '\t', '\r']);
        let begins_like_text = next.starts_with(|c: char| c.is_alphabetic() || "<&=\\".contains(c))
            && !["true", "false", "null"].iter().any(|word| next.starts_with(word));
        begins_like_text
            && memchr::memchr2(b'"', b'\n', next.as_bytes())
                .is_some_and(|found| next.as_bytes().get(found) == Some(&b'"'))
    }

    /// A text begun at `start` (behind its quote) has no closing quote before the
    /// line break at `line_end`, or the end of the file. Returns where it ends.
    pub(in crate::json) fn unterminated(&mut self, start: usize, line_end: Option<usize>) -> usize {
        let end = line_end.unwrap_or(self.text.len());
        let length = self.slice(start, end).trim_end_matches(SEPARATORS).len();
        self.end_text(start, start + length)
    }

    /// A text ends at `end`, but goes on with what can only be the beginning of the
    /// next text, as in `"method: "get"`: the quote was the opening one of that.
    /// Returns where the text ends instead.
    pub(in crate::json) fn swallowed(&mut self, start: usize, end: usize) -> Option<usize> {
        let next = self.text.as_bytes().get(end + 1)?;
        if !(next.is_ascii_alphanumeric() || b"/$_".contains(next)) {
            return None;
        }
        let raw = self.slice(start, end);
        let length = raw.trim_end_matches(SEPARATORS).len();
        let separated = raw.get(length..).is_some_and(|tail| tail.contains([',', ':']));
        (separated && length > 0).then(|| self.end_text(start, start + length))
    }

    /// Reports a text without its closing quote and goes on behind it.
    fn end_text(&mut self, start: usize, end: usize) -> usize {
        let quote = self.slice(0, start).chars().next_back().map_or(0, char::len_utf8);
        let place = span(start - quote, end);
        self.report(place, || {
            Diagnostic::new(Code::UnterminatedString, "a text without its closing quote")
                .label(place, "`\"` is missing at the end of this")
        });
        self.at = end;
        end
    }

    /// Something is wrong inside a text.
    pub(in crate::json) fn bad_text(&mut self, fault: Fault, place: Span) {
        let raw = self.slice(place.start as usize, place.end as usize);
        let next = self.text.get(place.end as usize..).and_then(|rest| rest.chars().next());
        self.report(place, || match fault {
            Fault::Escape => {
                let escaped = next.filter(|c| !c.is_control());
                let message = match escaped {
                    Some(c) => format!("unknown escape `\\{c}`"),
                    None => "a backslash with nothing behind it".to_owned(),
                };
                let end = place.end + escaped.map_or(0, |c| c.len_utf8() as u32);
                Diagnostic::new(Code::BadEscape, message)
                    .label(Span::new(place.start, end), "JSON has no such escape")
                    .help("a backslash itself is written `\\\\`")
            }
            Fault::Hex => Diagnostic::new(Code::BadEscape, "`\\u` without four hexadecimal digits")
                .label(Span::new(place.start, place.end + 1), "as in `\\u00e9`")
                .help("a backslash itself is written `\\\\`"),
            Fault::Surrogate => {
                Diagnostic::new(Code::LoneSurrogate, format!("`{raw}` is half of a character"))
                    .label(place, "its other half is missing")
                    .help("write the character itself, or both halves as in `\\ud83d\\ude00`")
            }
            Fault::Control => {
                let code = raw.chars().next().map_or(0, u32::from);
                let (name, cure) = match raw {
                    "\t" => ("tab".to_owned(), "`\\t`".to_owned()),
                    "\n" => ("line break".to_owned(), "`\\n`".to_owned()),
                    "\r" => ("carriage return".to_owned(), "`\\r`".to_owned()),
                    _ => (format!("control character U+{code:04X}"), format!("`\\u{code:04x}`")),
                };
                Diagnostic::new(Code::ControlCharacter, format!("a raw {name} inside a text"))
                    .label(place, format!("write {cure}"))
            }
        });
    }

    /// A text in other quotes, and the place of what is between them.
    pub(in crate::json) fn odd_string(&mut self) -> (Cow<'s, str>, Span) {
        let opened = self.at;
        let rest = self.rest();
        let Some(opening) = rest.chars().next() else {
            return ("".into(), span(opened, opened));
        };
        let closing = closing_quote(opening).unwrap_or(opening);
        let start = opened + opening.len_utf8();
        let inside = self.text.get(start..).unwrap_or_default();
        let mut escaped = false;
        let stop = inside.char_indices().find(|&(_, c)| {
            let ends = c == '\n' || !escaped && (c == closing || c == opening);
            escaped = !escaped && c == '\\';
            ends
        });
        let end = match stop {
            Some((length, quote)) if quote != '\n' => {
                let end = start + length;
                self.at = end + quote.len_utf8();
                let place = self.since(opened);
                self.report(place, || {
                    Diagnostic::new(Code::WrongQuotes, format!("a text in `{opening}` quotes"))
                        .label(place, "JSON texts stand in double quotes")
                        .help("write `\"` before and behind it")
                });
                end
            }
            line_end => self.unterminated(start, line_end.map(|(length, _)| start + length)),
        };
        (self.resolve(start, end), span(start, end))
    }

    /// A word, or several, where a value belongs.
    fn unquoted_text(&mut self) -> Kind<'s> {
        let start = self.at;
        let rest = self.rest();
        let stop = rest.find([',', ']', '}', '[', '{', '"', '\n']).unwrap_or(rest.len());
        let text = rest.get(..stop).unwrap_or_default().trim_end();
        let after = rest.get(stop..).unwrap_or_default();
        let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
        if is(&["nan", "inf", "infinity"]) {
            return self.bad_number(text);
        }
        let (kind, meant) = if is(&["true"]) {
            (Kind::Bool(true), Some("true"))
        } else if is(&["false"]) {
            (Kind::Bool(false), Some("false"))
        } else if is(&["null", "none", "nil", "undefined"]) {
            (Kind::Null, Some("null"))
        } else if text.contains('$') {
            // A placeholder is cut at its brace, so this is not all of the text.
            (Kind::Invalid, None)
        } else {
            (Kind::String(text.into()), None)
        };
        self.at += text.len();
        let place = self.since(start);
        self.report(place, || {
            let cure = match (meant, &kind) {
                (Some(word), _) => format!("write `{word}`"),
                (None, Kind::Invalid) => "put the text in double quotes".to_owned(),
                (None, _) => format!("write `\"{}\"`", shorten(text)),
            };
            Diagnostic::new(Code::UnquotedText, format!("`{}` is not in quotes", shorten(text)))
                .label(place, "texts stand in double quotes")
                .help(cure)
        });
        // `get"` lacks only its opening quote.
        let closes = after.strip_prefix('"').is_some_and(|after| {
            after.trim_start_matches([' ', '\t', '\r']).starts_with([',', '}', ']', '\n'])
        });
        if closes {
            self.at = start + stop + 1;
        } else if matches!(kind, Kind::Invalid) {
            self.quiet_line();
        }
        kind
    }

    /// Something that begins like a number but is none. `text` is next.
    pub(in crate::json) fn bad_number(&mut self, text: &'s str) -> Kind<'s> {
        let start = self.at;
        self.at += text.len();
        let place = self.since(start);
        if number::is_valid(text.as_bytes()) {
            self.report(place, || {
                Diagnostic::new(Code::BadNumber, "a number that is too large")
                    .label(place, "beyond 1.8e308")
            });
            return Kind::Invalid;
        }
        let mistake = number::explain(text);
        let meant = mistake.meant.map(Number::new).filter(|number| number.as_f64().is_finite());
        self.report(place, || {
            let message = format!("`{}` is not a JSON number", shorten(text));
            Diagnostic::new(Code::BadNumber, message).label(place, mistake.text).help(mistake.help)
        });
        meant.map_or(Kind::Invalid, Kind::Number)
    }
}
