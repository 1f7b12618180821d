//! Keys, colons and commas that are missing, too many or something else.

use crate::diag::{Code, Diagnostic, Span, shorten};
use crate::json::Key;
use crate::json::parser::{Parser, span, starts_quoted};

impl<'s> Parser<'s, '_> {
    /// A key that is not in double quotes. `None` if there was none; what stood in
    /// its place has been skipped.
    pub(in crate::json) fn odd_key(&mut self) -> Option<Key<'s>> {
        let start = self.at;
        let rest = self.rest();
        if starts_quoted(rest) {
            let (text, span) = self.odd_string();
            return Some(Key { text, span });
        }
        let bare = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '-' | '.');
        let length = rest.find(|c| !bare(c)).unwrap_or(rest.len());
        if length > 0 {
            let text = self.slice(start, start + length);
            self.at += length;
            let place = self.since(start);
            self.report(place, || {
                let text = shorten(text);
                Diagnostic::new(Code::BadKey, format!("the key `{text}` is not in quotes"))
                    .label(place, "keys are texts")
                    .help(format!("write `\"{text}\"`"))
            });
            return Some(Key { text: text.into(), span: place });
        }
        let place = span(start, start + 1);
        match self.peek() {
            Some(b':') => {
                self.at += 1;
                self.report(place, || {
                    Diagnostic::new(Code::BadKey, "a colon without a key")
                        .label(place, "the key before this is missing")
                });
                self.space();
                let _ = self.value();
            }
            Some(b'{' | b'[') => {
                self.report(place, || {
                    Diagnostic::new(Code::BadKey, "a value where an object needs a key")
                        .label(place, "a key and a colon belong before this")
                        .help("a sequence of values without keys is a list, in `[ ]`")
                });
                let _ = self.value();
            }
            _ => self.stray(),
        }
        None
    }

    /// A colon is not where it belongs, behind a key.
    pub(in crate::json) fn missing_colon(&mut self, key: &Key<'_>) {
        let start = self.at;
        match self.peek() {
            Some(b',' | b'}' | b']') | None => self.report(key.span, || {
                let message = format!("the key `{}` has no value", shorten(&key.text));
                Diagnostic::new(Code::MissingColon, message)
                    .label(key.span, "a colon and a value belong behind this")
            }),
            Some(b'=') => {
                self.at += if self.rest().starts_with("=>") { 2 } else { 1 };
                let place = self.since(start);
                self.report(place, || {
                    Diagnostic::new(Code::MissingColon, "another sign in the place of a colon")
                        .label(place, "write `:`")
                });
                self.space();
            }
            Some(_) => {
                let place = self.behind_previous();
                self.report(place, || {
                    let message = format!("no colon behind the key `{}`", shorten(&key.text));
                    Diagnostic::new(Code::MissingColon, message)
                        .label(place, "a colon belongs here")
                });
            }
        }
    }

    /// There is a colon, but no value behind it.
    pub(in crate::json) fn missing_value(&mut self, key: &Key<'_>) {
        let place = self.behind_previous();
        self.report(place, || {
            let message = format!("the key `{}` has no value", shorten(&key.text));
            Diagnostic::new(Code::MissingValue, message)
                .label(place, "a value belongs here")
                .also(key.span, "")
        });
    }

    /// An item ended at `end`, and the next thing is neither a comma nor a bracket.
    pub(in crate::json) fn missing_comma(&mut self, end: usize) {
        let start = self.at;
        let place = span(start, start + 1);
        let Some(next) = self.rest().chars().next() else { return };
        match next {
            ';' => {
                self.at += 1;
                self.report(place, || {
                    Diagnostic::new(Code::MissingComma, "a semicolon in the place of a comma")
                        .label(place, "write `,`")
                });
            }
            ':' => {
                self.at += 1;
                let in_list = self.open.last().is_some_and(|&(bracket, _)| bracket == b'[');
                self.report(place, || {
                    let message = if in_list { "a colon in a list" } else { "a second colon" };
                    let problem = Diagnostic::new(Code::UnexpectedCharacter, message)
                        .label(place, "no colon belongs here");
                    if in_list {
                        problem.help("keys and values stand in an object, in `{ }`")
                    } else {
                        problem
                    }
                });
                self.quiet_line();
            }
            '"' | '{' | '[' | '-' => self.missing_comma_before_item(end),
            c if c.is_alphanumeric() || starts_quoted(self.rest()) => {
                self.missing_comma_before_item(end);
            }
            _ => {
                self.stray();
                self.space();
                if self.peek() == Some(b',') {
                    self.at += 1;
                }
            }
        }
    }

    fn missing_comma_before_item(&mut self, end: usize) {
        let place = span(end, end);
        self.report(place, || {
            Diagnostic::new(Code::MissingComma, "no comma between two items")
                .label(place, "a comma belongs here")
        });
        // Without a space between them, the two were probably one thing.
        if end == self.at {
            self.quiet_line();
        }
    }

    /// A comma with no item before it, which is next.
    pub(in crate::json) fn extra_comma(&mut self) {
        let place = span(self.at, self.at + 1);
        self.report(place, || {
            Diagnostic::new(Code::ExtraComma, "a comma with nothing before it")
                .label(place, "remove it, or write the missing item")
        });
    }

    /// The place behind what was read last, before any spaces.
    fn behind_previous(&self) -> Span {
        let before = self.text.get(..self.at).unwrap_or_default();
        let end = before.trim_end().len();
        span(end, end)
    }
}
