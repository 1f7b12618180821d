//! Brackets that are not closed, closed wrongly, or nested too deeply.

use memchr::{memchr, memchr2};

use crate::diag::{Code, Diagnostic};
use crate::json::MAX_DEPTH;
use crate::json::parser::{Parser, closing, span};

impl Parser<'_, '_> {
    /// A closing bracket of the wrong kind, or the end of the file, ends a list or
    /// an object. The bracket is consumed if it was surely meant for this one.
    pub(in crate::json) fn wrong_close(&mut self) {
        let at = self.at;
        let Some(&(bracket, opened)) = self.open.last() else { return };
        let Some(close) = self.peek() else {
            self.unclosed_at_end();
            return;
        };
        let opening = span(opened, opened + 1);
        let place = span(at, at + 1);
        let right = char::from(closing(bracket));
        let bracket = char::from(bracket);
        // A bracket that closes several at once is judged at the first of them.
        let judged = self.last_bad_close == Some(at);
        if judged || self.belongs_outside(close) {
            self.last_bad_close = Some(at);
            if !judged {
                self.report(opening, || {
                    let message = format!("`{bracket}` is never closed");
                    Diagnostic::new(Code::UnclosedBracket, message)
                        .label(opening, "opened here")
                        .also(place, format!("`{right}` is missing before this"))
                });
            }
            return;
        }
        self.at += 1;
        self.report(place, || {
            let message = format!("`{}` closes what `{bracket}` opened", char::from(close));
            Diagnostic::new(Code::MismatchedBracket, message)
                .label(place, format!("write `{right}`"))
                .also(opening, "opened here")
        });
    }

    /// The file ends inside brackets.
    fn unclosed_at_end(&mut self) {
        let Some(&(bracket, opened)) = self.open.last() else { return };
        let opening = span(opened, opened + 1);
        let end = self.text.trim_end().len();
        let missing: String =
            self.open.iter().rev().map(|&(bracket, _)| char::from(closing(bracket))).collect();
        self.report(opening, || {
            let message = match missing.len() {
                1 => format!("`{}` is never closed", char::from(bracket)),
                count => format!("{count} brackets are never closed"),
            };
            Diagnostic::new(Code::UnclosedBracket, message)
                .label(opening, "opened here")
                .also(span(end, end), format!("missing at the end: `{missing}`"))
        });
        self.quiet_until = usize::MAX;
    }

    /// Whether a bracket that does not fit the innermost opening one was meant for
    /// one farther out, so that the inner one was left unclosed; otherwise it is
    /// the wrong kind of bracket. What follows it tells.
    fn belongs_outside(&self, close: u8) -> bool {
        let outer = self.open.split_last().map_or(&[][..], |(_, outer)| outer);
        let fits = |&(bracket, _): &(u8, usize)| closing(bracket) == close;
        let Some(index) = outer.iter().rposition(fits) else {
            return false;
        };
        let if_unclosed = outer.get(..index).and_then(<[_]>::last).map(|&(bracket, _)| bracket);
        let if_wrong = outer.last().map(|&(bracket, _)| bracket);
        self.continues(if_unclosed) || !self.continues(if_wrong)
    }

    /// Whether what follows the next byte goes on as the inside of such a bracket does,
    /// or, for `None`, as the end of the file.
    fn continues(&self, bracket: Option<u8>) -> bool {
        /// How far is looked ahead, so that many wrong brackets take no longer than right ones.
        const NEAR: usize = 512;
        let rest = self.text.get(self.at + 1..).unwrap_or_default();
        let rest = rest.get(..rest.floor_char_boundary(NEAR)).unwrap_or_default().trim_start();
        let Some(bracket) = bracket else {
            return rest.is_empty();
        };
        let Some(after_comma) = rest.strip_prefix(',') else {
            return rest.starts_with(char::from(closing(bracket)));
        };
        let key = after_comma.trim_start().strip_prefix('"').is_some_and(|inside| {
            let inside = inside.as_bytes();
            let after = memchr(b'"', inside).and_then(|end| inside.get(end + 1..));
            after.is_some_and(|after| after.trim_ascii_start().starts_with(b":"))
        });
        key == (bracket == b'{')
    }

    /// An opening bracket beyond the limit; skips to what closes it.
    pub(in crate::json) fn skip_too_deep(&mut self) {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut depth = 0usize;
        while let Some(&byte) = bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                b'"' => self.skip_text(),
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        if !std::mem::replace(&mut self.too_deep, true) {
            let place = span(start, start + 1);
            self.report(place, || {
                let message = format!("brackets are nested more than {MAX_DEPTH} deep");
                Diagnostic::new(Code::TooDeep, message)
                    .label(place, "what is inside this was not read")
            });
        }
    }

    /// Skips a text from behind its opening quote.
    fn skip_text(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(found) = memchr2(b'"', b'\\', bytes.get(self.at..).unwrap_or_default()) {
            self.at += found + 1;
            if bytes.get(self.at - 1) == Some(&b'"') {
                return;
            }
            // What is escaped may be a character of several bytes.
            self.at += self.char_len();
        }
        self.at = self.text.len();
    }
}
