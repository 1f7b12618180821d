//! Reading JSON that is wrong: what to say, and where to go on.
//!
//! Each method is called at the place of one kind of mistake, reports it and leaves
//! the parser where reading makes sense again. Mistakes whose cure is certain leave
//! the rest of the line to be checked; after the others, what follows on the same
//! line is taken for a consequence and not reported.

use memchr::memchr2;

use super::number::{self, Number};
use super::parser::{Parser, closing, in_number, span, starts_quoted};
use super::string::{Fault, closing_quote};
use super::{Key, Kind, MAX_DEPTH, MAX_PROBLEMS};
use crate::diag::{Code, Diagnostic, Span};

impl<'s> Parser<'s, '_> {
    /// Adds a problem, unless it follows from another or there are too many.
    pub(super) fn report(&mut self, problem: Diagnostic) {
        let place = problem.span().map_or(self.at, |span| span.start as usize);
        let listed = self.problems.len() - self.problems_before;
        if place < self.quiet_until || listed >= MAX_PROBLEMS {
            return;
        }
        self.problems.push(problem);
        if listed + 2 == MAX_PROBLEMS {
            let more = Diagnostic::new(Code::TooManyProblems, "too many problems in the JSON")
                .label(span(place, place), "those behind this place are not listed")
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
    pub(super) fn no_document(&mut self) -> super::Node<'s> {
        let place = span(self.at, self.at);
        match self.peek() {
            None => {
                let empty = Diagnostic::new(Code::EmptyDocument, "the file has no plan in it")
                    .label(place, "a list of actions is expected")
                    .help("`[[\"LD_summary\"]]` is a small plan");
                self.report(empty);
            }
            Some(_) => {
                self.text_after_end();
            }
        }
        super::Node { span: place, kind: Kind::Invalid }
    }

    /// Something follows the document; it is not looked at.
    pub(super) fn text_after_end(&mut self) {
        let start = self.at;
        let problem = match self.peek() {
            Some(b @ (b'}' | b']')) => {
                let message = format!("`{}` closes nothing", char::from(b));
                Diagnostic::new(Code::MismatchedBracket, message)
                    .label(span(start, start + 1), "everything is closed before this")
                    .help("remove it, or look for a bracket that was closed too early")
            }
            Some(b',') => Diagnostic::new(Code::ExtraComma, "a comma outside of any list")
                .label(span(start, start + 1), "there is nothing to separate here")
                .help("remove it, or put a list `[ ]` around the items"),
            _ => Diagnostic::new(Code::TextAfterEnd, "something follows the end of the plan")
                .label(span(start, start + self.char_len()), "the plan ended before this")
                .help("a plan is one JSON value: put all actions into one list"),
        };
        self.at = self.text.len();
        self.report(problem);
    }

    /// A value that begins with none of the characters JSON values begin with.
    /// `None` if it was no value at all and has been skipped.
    pub(super) fn odd_value(&mut self) -> Option<Kind<'s>> {
        let rest = self.rest();
        let first = rest.chars().next()?;
        if starts_quoted(rest) {
            return Some(Kind::String(self.odd_string().0));
        }
        if matches!(first, '+' | '.') {
            let length = rest.bytes().take_while(|&b| in_number(b)).count();
            let text = self.slice(self.at, self.at + length);
            if length > 1 {
                return Some(self.bad_number(text));
            }
        }
        if first.is_alphabetic() || matches!(first, '_' | '$') {
            return Some(self.unquoted_text());
        }
        self.stray();
        None
    }

    /// A key that is not in double quotes. `None` if there was none; what stood in
    /// its place has been skipped.
    pub(super) fn odd_key(&mut self) -> Option<Key<'s>> {
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
            let message = format!("the key `{text}` is not in quotes");
            self.report(
                Diagnostic::new(Code::BadKey, message)
                    .label(place, "keys are texts")
                    .help(format!("write `\"{text}\"`")),
            );
            return Some(Key { text: text.into(), span: place });
        }
        match self.peek() {
            Some(b':') => {
                self.at += 1;
                self.report(
                    Diagnostic::new(Code::BadKey, "a colon without a key")
                        .label(self.since(start), "the key before this is missing"),
                );
                self.space();
                let _ = self.value();
            }
            Some(b'{' | b'[') => {
                let value = self.value();
                let first = value.span.start as usize;
                let message = "a value where an object needs a key";
                self.report(
                    Diagnostic::new(Code::BadKey, message)
                        .label(span(first, first + 1), "a key and a colon belong before this")
                        .help("a sequence of values without keys is a list, in `[ ]`"),
                );
            }
            _ => self.stray(),
        }
        None
    }

    /// A colon is not where it belongs, behind a key.
    pub(super) fn missing_colon(&mut self, key: &Key<'_>) {
        let start = self.at;
        match self.peek() {
            Some(b',' | b'}' | b']') | None => {
                self.report(
                    Diagnostic::new(
                        Code::MissingColon,
                        format!("the key `{}` has no value", key.text),
                    )
                    .label(key.span, "a colon and a value belong behind this"),
                );
            }
            Some(b'=') => {
                self.at += if self.rest().starts_with("=>") { 2 } else { 1 };
                self.report(
                    Diagnostic::new(Code::MissingColon, "another sign in the place of a colon")
                        .label(self.since(start), "write `:`"),
                );
                self.space();
            }
            Some(_) => {
                let after = (self.text.get(..start)).map_or(start, |text| text.trim_end().len());
                let message = format!("no colon behind the key `{}`", key.text);
                self.report(
                    Diagnostic::new(Code::MissingColon, message)
                        .label(Span::at(after as u32), "a colon belongs here"),
                );
            }
        }
    }

    /// There is a colon, but no value behind it.
    pub(super) fn missing_value(&mut self, key: &Key<'_>) {
        let after = (self.text.get(..self.at)).map_or(self.at, |text| text.trim_end().len());
        self.report(
            Diagnostic::new(Code::MissingValue, format!("the key `{}` has no value", key.text))
                .label(Span::at(after as u32), "a value belongs here")
                .also(key.span, ""),
        );
    }

    /// An item ended at `end`, and the next thing is neither a comma nor a bracket.
    pub(super) fn missing_comma(&mut self, end: usize) {
        let start = self.at;
        let Some(next) = self.rest().chars().next() else { return };
        let in_list = self.open.last().is_some_and(|&(bracket, _)| bracket == b'[');
        match next {
            ';' => {
                self.at += 1;
                self.report(
                    Diagnostic::new(Code::MissingComma, "a semicolon in the place of a comma")
                        .label(self.since(start), "write `,`"),
                );
            }
            ':' => {
                self.at += 1;
                let message = if in_list { "a colon in a list" } else { "a second colon" };
                let mut problem = Diagnostic::new(Code::UnexpectedCharacter, message)
                    .label(self.since(start), "no colon belongs here");
                if in_list {
                    problem = problem.help("keys and values stand in an object, in `{ }`");
                }
                self.report(problem);
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
        self.report(
            Diagnostic::new(Code::MissingComma, "no comma between two items")
                .label(span(end, end), "a comma belongs here"),
        );
        // Without a space between them, the two were probably one thing.
        if end == self.at {
            self.quiet_line();
        }
    }

    /// A comma with no item before it.
    pub(super) fn extra_comma(&mut self) {
        self.report(
            Diagnostic::new(Code::ExtraComma, "a comma with nothing before it")
                .label(span(self.at, self.at + 1), "remove it, or write the missing item"),
        );
    }

    /// A closing bracket of the wrong kind, or the end of the file, ends a list or
    /// an object. The bracket is consumed if it was surely meant for this one.
    pub(super) fn wrong_close(&mut self) {
        let at = self.at;
        let Some(&(bracket, opened)) = self.open.last() else { return };
        let opening = span(opened, opened + 1);
        let bracket = char::from(bracket);
        let Some(close) = self.peek() else {
            self.unclosed_at_end();
            return;
        };
        let reported = self.last_bad_close.replace(at) == Some(at);
        let close_char = char::from(close);
        let right = char::from(closing(bracket as u8));
        if self.belongs_outside(close) {
            if !reported {
                self.report(
                    Diagnostic::new(Code::UnclosedBracket, format!("`{bracket}` is never closed"))
                        .label(opening, "opened here")
                        .also(span(at, at + 1), format!("`{right}` is missing before this")),
                );
            }
            return;
        }
        self.at += 1;
        self.report(
            Diagnostic::new(
                Code::MismatchedBracket,
                format!("`{close_char}` closes what `{bracket}` opened"),
            )
            .label(span(at, at + 1), format!("write `{right}`"))
            .also(opening, "opened here"),
        );
    }

    /// The file ends inside brackets.
    fn unclosed_at_end(&mut self) {
        const SHOWN: usize = 3;
        let end = self.text.trim_end().len();
        let count = self.open.len();
        let message = match self.open.last() {
            Some(&(bracket, _)) if count == 1 => {
                format!("`{}` is never closed", char::from(bracket))
            }
            _ => format!("{count} brackets are never closed"),
        };
        let mut problem = Diagnostic::new(Code::UnclosedBracket, message);
        for &(bracket, at) in self.open.iter().rev().take(SHOWN) {
            let missing = format!("`{}` is missing for this one", char::from(closing(bracket)));
            problem = problem.label(span(at, at + 1), missing);
        }
        let problem = problem.also(span(end, end), "the file ends here");
        self.report(problem);
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
        /// How far a key is looked at.
        const LONGEST_KEY: usize = 256;
        let rest = self.text.get(self.at + 1..).unwrap_or_default().trim_start();
        let Some(bracket) = bracket else {
            return rest.is_empty();
        };
        let Some(after_comma) = rest.strip_prefix(',') else {
            return rest.starts_with(char::from(closing(bracket)));
        };
        let next = after_comma.trim_start();
        let key = next.strip_prefix('"').is_some_and(|inside| {
            let inside = inside.as_bytes();
            let near = inside.get(..LONGEST_KEY).unwrap_or(inside);
            let after = memchr::memchr(b'"', near).and_then(|end| inside.get(end + 1..));
            after.is_some_and(|after| after.trim_ascii_start().starts_with(b":"))
        });
        key == (bracket == b'{')
    }

    /// An opening bracket beyond the limit; skips to what closes it.
    pub(super) fn skip_too_deep(&mut self) {
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
            self.report(
                Diagnostic::new(
                    Code::TooDeep,
                    format!("brackets are nested more than {MAX_DEPTH} deep"),
                )
                .label(span(start, start + 1), "what is inside this was not read"),
            );
        }
    }

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

    /// Whether the line break at `at` stands inside a text, since the next line
    /// begins like none of JSON does.
    pub(super) fn goes_on_after(&self, at: usize) -> bool {
        let next = self.text.get(at + 1..).unwrap_or_default();
        let next = next.trim_start_matches([' ', '\t', '\r']);
        next.starts_with(|c: char| c.is_alphabetic() || matches!(c, '<' | '&' | '=' | '\\'))
            && !["true", "false", "null"].iter().any(|word| next.starts_with(word))
            && {
                let line = next.split('\n').next().unwrap_or_default();
                line.contains('"')
            }
    }

    /// A text begun at `start` (behind its quote) has no closing quote before the
    /// line break at `line_end`, or the end of the file. Returns where it ends.
    pub(super) fn unterminated(&mut self, start: usize, line_end: Option<usize>) -> usize {
        let end = line_end.unwrap_or(self.text.len());
        let raw = self.slice(start, end);
        let length = raw.trim_end_matches([' ', '\t', '\r', ',', ':', '{', '}', '[', ']']).len();
        self.report_unterminated(start, start + length);
        start + length
    }

    /// A text ends at `end`, but goes on with what can only be the beginning of the
    /// next text, as in `"method: "get"`: the quote was the opening one of that.
    /// Returns where the text ends instead.
    pub(super) fn swallowed(&mut self, start: usize, end: usize) -> Option<usize> {
        let next = self.text.as_bytes().get(end + 1)?;
        if !(next.is_ascii_alphanumeric() || matches!(next, b'/' | b'$' | b'_')) {
            return None;
        }
        let raw = self.slice(start, end);
        let punctuation = [' ', '\t', ',', ':', '{', '}', '[', ']'];
        let length = raw.trim_end_matches(punctuation).len();
        let separator = raw.get(length..).is_some_and(|tail| tail.contains([',', ':']));
        if !separator || length == 0 {
            return None;
        }
        self.report_unterminated(start, start + length);
        Some(start + length)
    }

    fn report_unterminated(&mut self, start: usize, end: usize) {
        self.report(
            Diagnostic::new(Code::UnterminatedString, "a text without its closing quote")
                .label(span(start - 1, end), "`\"` is missing at the end of this"),
        );
        self.at = end;
    }

    /// Something is wrong inside a text.
    pub(super) fn bad_text(&mut self, fault: Fault, place: Span) {
        let raw = self.text.get(place.range()).unwrap_or_default();
        let problem = match fault {
            Fault::Escape => {
                let next = self.slice(place.end as usize, self.text.len()).chars().next();
                let (message, width) = match next {
                    Some(c) if !c.is_control() => (format!("unknown escape `\\{c}`"), c.len_utf8()),
                    _ => ("a backslash with nothing behind it".to_owned(), 0),
                };
                let place = Span::new(place.start, place.end + width as u32);
                Diagnostic::new(Code::BadEscape, message)
                    .label(place, "JSON has no such escape")
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
                let (name, cure) = match raw {
                    "\t" => ("tab".to_owned(), "`\\t`".to_owned()),
                    "\n" => ("line break".to_owned(), "`\\n`".to_owned()),
                    "\r" => ("carriage return".to_owned(), "`\\r`".to_owned()),
                    _ => {
                        let code = raw.chars().next().map_or(0, u32::from);
                        (format!("control character U+{code:04X}"), format!("`\\u{code:04x}`"))
                    }
                };
                Diagnostic::new(Code::ControlCharacter, format!("a raw {name} inside a text"))
                    .label(place, format!("write {cure}"))
            }
        };
        self.report(problem);
    }

    /// A text in other quotes.
    fn odd_string(&mut self) -> (std::borrow::Cow<'s, str>, Span) {
        let opened = self.at;
        let rest = self.rest();
        let Some(opening) = rest.chars().next() else {
            return ("".into(), span(opened, opened));
        };
        let closing = closing_quote(opening).unwrap_or(opening);
        let start = opened + opening.len_utf8();
        let line = self.slice(start, self.text.len()).split('\n').next().unwrap_or_default();
        let mut escaped = false;
        let found = line.char_indices().find(|&(_, c)| {
            let ends = !escaped && (c == closing || c == opening);
            escaped = !escaped && c == '\\';
            ends
        });
        let Some((length, quote)) = found else {
            let end = self.unterminated(start, Some(start + line.len()));
            return (self.resolve(start, end), span(start, end));
        };
        let end = start + length;
        self.at = end + quote.len_utf8();
        let place = self.since(opened);
        self.report(
            Diagnostic::new(Code::WrongQuotes, format!("a text in `{opening}` quotes"))
                .label(place, "JSON texts stand in double quotes")
                .help("write `\"` before and behind it"),
        );
        (self.resolve(start, end), span(start, end))
    }

    /// A word, or several, where a value belongs.
    fn unquoted_text(&mut self) -> Kind<'s> {
        let start = self.at;
        let rest = self.rest();
        let stop = rest.find([',', ']', '}', '[', '{', '"', '\n']).unwrap_or(rest.len());
        let text = rest.get(..stop).unwrap_or_default().trim_end();
        let after = rest.get(stop..).unwrap_or_default();
        self.at += text.len();
        let place = self.since(start);
        let (kind, cure) = match text.to_ascii_lowercase().as_str() {
            "true" => (Kind::Bool(true), "write `true`".to_owned()),
            "false" => (Kind::Bool(false), "write `false`".to_owned()),
            "null" | "none" | "nil" | "undefined" => (Kind::Null, "write `null`".to_owned()),
            "nan" | "inf" | "infinity" => {
                self.at = start;
                return self.bad_number(text);
            }
            // Words in `${ }` are cut at the brace, so the cure would not be what was meant.
            _ if text.contains('$') => (Kind::Invalid, "put the text in double quotes".to_owned()),
            _ => (Kind::String(text.into()), format!("write `\"{text}\"`")),
        };
        self.report(
            Diagnostic::new(Code::UnquotedText, format!("`{text}` is not in quotes"))
                .label(place, "texts stand in double quotes")
                .help(cure),
        );
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

    /// Something that begins like a number but is none. `text` starts here.
    pub(super) fn bad_number(&mut self, text: &'s str) -> Kind<'s> {
        let start = self.at;
        self.at += text.len();
        let place = self.since(start);
        if number::is_valid(text.as_bytes()) {
            self.report(
                Diagnostic::new(Code::BadNumber, "a number that is too large")
                    .label(place, "beyond 1.8e308"),
            );
            return Kind::Invalid;
        }
        let mistake = number::explain(text);
        self.report(
            Diagnostic::new(Code::BadNumber, format!("`{text}` is not a JSON number"))
                .label(place, mistake.text)
                .help(mistake.help),
        );
        mistake.meant.map_or(Kind::Invalid, |meant| Kind::Number(Number::new(meant)))
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
        let shown = match first {
            '\u{a0}' => "a no-break space".to_owned(),
            '\u{200b}' | '\u{feff}' => {
                format!("the invisible character U+{:04X}", u32::from(first))
            }
            c if c.is_control() || c.is_whitespace() => {
                format!("the character U+{:04X}", u32::from(c))
            }
            c => format!("`{c}`"),
        };
        self.report(
            Diagnostic::new(Code::UnexpectedCharacter, format!("{shown} has no place here"))
                .label(place, "not part of JSON"),
        );
        if !first.is_whitespace() {
            self.quiet_line();
        }
    }

    /// `# comment`, as in other languages.
    pub(super) fn hash_comment(&mut self) {
        let start = self.at;
        self.skip_line();
        self.report(
            Diagnostic::new(Code::UnexpectedCharacter, "`#` has no place here")
                .label(span(start, start + 1), "not part of JSON")
                .help("comments begin with `//`"),
        );
    }

    /// `/*` without `*/`.
    pub(super) fn unterminated_comment(&mut self, start: usize) {
        self.report(
            Diagnostic::new(Code::UnterminatedComment, "a comment that is never closed")
                .label(span(start, start + 2), "`*/` is missing"),
        );
        self.quiet_until = usize::MAX;
    }

    /// The same key twice.
    pub(super) fn duplicate_key(&mut self, earlier: &Key<'_>, later: &Key<'_>) {
        self.report(
            Diagnostic::new(
                Code::DuplicateKey,
                format!("the key `{}` stands here twice", later.text),
            )
            .label(later.span, "this one counts")
            .also(earlier.span, "this one does nothing"),
        );
    }

    /// Bytes of the next character; 0 at the end.
    fn char_len(&self) -> usize {
        self.rest().chars().next().map_or(0, char::len_utf8)
    }
}
