//! Reading JSON that is wrong: what to say, and where to go on.
//!
//! Each method is called at the place of one kind of mistake, leaves the parser where
//! reading makes sense again, and reports the mistake. Where the cure is certain, the
//! rest of the line is checked as usual; otherwise what follows on the same line is
//! taken for a consequence and not reported.

mod brackets;
mod items;
mod texts;

use super::parser::{Parser, span};
use super::{Key, Kind, MAX_PROBLEMS, Node};
use crate::diag::{Code, Diagnostic, Span, shorten};

impl<'s> Parser<'s, '_> {
    /// Adds a problem at a place, unless it follows from another or there are too many.
    /// Hostile input has millions of them, so it is built only when it is wanted.
    pub(super) fn report(&mut self, place: Span, problem: impl FnOnce() -> Diagnostic) {
        let listed = self.problems.len() - self.problems_before;
        if (place.start as usize) < self.quiet_until || listed >= MAX_PROBLEMS {
            return;
        }
        self.problems.push(problem());
        if listed + 2 == MAX_PROBLEMS {
            let more = Diagnostic::new(Code::TooManyProblems, "too many problems in the JSON")
                .label(place, "those behind this place are not listed")
                .help("correct these first, then check again");
            self.problems.push(more);
        }
    }

    /// Takes problems on the rest of this line for consequences of the one just reported.
    fn quiet_line(&mut self) {
        if self.quiet_until <= self.at {
            let rest = self.rest();
            let line = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
            self.quiet_until = self.at + line;
        }
    }

    /// The document has no value, or begins with something that cannot begin one.
    pub(super) fn no_document(&mut self) -> Node<'s> {
        let place = span(self.at, self.at);
        if self.peek().is_some() {
            self.text_after_end();
        } else {
            self.report(place, || {
                Diagnostic::new(Code::EmptyDocument, "the file has no plan in it")
                    .label(place, "a list of actions is expected")
                    .help("`[[\"LD_summary\"]]` is a small plan")
            });
        }
        Node { span: place, kind: Kind::Invalid }
    }

    /// Something follows the document; it is not looked at.
    pub(super) fn text_after_end(&mut self) {
        let place = span(self.at, self.at + self.char_len());
        let next = self.peek();
        self.at = self.text.len();
        self.report(place, || match next {
            Some(b @ (b'}' | b']')) => {
                let message = format!("`{}` closes nothing", char::from(b));
                Diagnostic::new(Code::MismatchedBracket, message)
                    .label(place, "everything is closed before this")
                    .help("remove it, or look for a bracket that was closed too early")
            }
            Some(b',') => Diagnostic::new(Code::ExtraComma, "a comma outside of any list")
                .label(place, "there is nothing to separate here")
                .help("remove it, or put a list `[ ]` around the items"),
            _ => Diagnostic::new(Code::TextAfterEnd, "something follows the end of the plan")
                .label(place, "the plan ended before this")
                .help("a plan is one JSON value: put all actions into one list"),
        });
    }

    /// Characters that mean nothing; skips them.
    pub(super) fn stray(&mut self) {
        let start = self.at;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return };
        let goes_on = |c: char| {
            !(c.is_alphanumeric()
                || c.is_ascii_whitespace()
                || matches!(c, ',' | ':' | '[' | ']' | '{' | '}' | '"' | '\'' | '-' | '#' | '/'))
        };
        let tail = rest.get(first.len_utf8()..).unwrap_or_default();
        let length = tail.find(|c| !goes_on(c)).unwrap_or(tail.len());
        self.at += first.len_utf8() + length;
        let place = self.since(start);
        self.report(place, || {
            let code = u32::from(first);
            let shown = match first {
                '\u{a0}' => "a no-break space".to_owned(),
                '\u{200b}' | '\u{feff}' => format!("the invisible character U+{code:04X}"),
                c if c.is_control() || c.is_whitespace() => format!("the character U+{code:04X}"),
                c => format!("`{c}`"),
            };
            Diagnostic::new(Code::UnexpectedCharacter, format!("{shown} has no place here"))
                .label(place, "not part of JSON")
        });
        if !first.is_whitespace() {
            self.quiet_line();
        }
    }

    /// `# comment`, as in other languages.
    pub(super) fn hash_comment(&mut self) {
        let place = span(self.at, self.at + 1);
        self.skip_line();
        self.report(place, || {
            Diagnostic::new(Code::UnexpectedCharacter, "`#` has no place here")
                .label(place, "not part of JSON")
                .help("comments begin with `//`")
        });
    }

    /// `/*` without `*/`; `start` is where it begins.
    pub(super) fn unterminated_comment(&mut self, start: usize) {
        let place = span(start, start + 2);
        self.report(place, || {
            Diagnostic::new(Code::UnterminatedComment, "a comment that is never closed")
                .label(place, "`*/` is missing")
        });
        self.quiet_until = usize::MAX;
    }

    /// The same key twice.
    pub(super) fn duplicate_key(&mut self, earlier: &Key<'_>, later: &Key<'_>) {
        self.report(later.span, || {
            let message = format!("the key `{}` stands here twice", shorten(&later.text));
            Diagnostic::new(Code::DuplicateKey, message)
                .label(later.span, "this one counts")
                .also(earlier.span, "this one does nothing")
        });
    }

    /// Bytes of the next character; 0 at the end.
    fn char_len(&self) -> usize {
        self.rest().chars().next().map_or(0, char::len_utf8)
    }
}
