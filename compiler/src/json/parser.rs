//! Reading JSON that is right. Whatever is not goes to `recover.rs`.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memchr3, memmem};

use super::number::{self, Number};
use super::string::{self, decode};
use super::{Key, Kind, MAX_DEPTH, Member, Node};
use crate::diag::{Code, Diagnostic, Span};

/// The state of reading one document.
pub(super) struct Parser<'s, 'd> {
    pub(super) text: &'s str,
    /// Offset of the next byte; always at the beginning of a character.
    pub(super) at: usize,
    /// The brackets that are open, outermost first, with their offsets.
    pub(super) open: Vec<(u8, usize)>,
    pub(super) problems: &'d mut Vec<Diagnostic>,
    /// How many problems were here before.
    pub(super) problems_before: usize,
    /// Problems before this offset follow from one already reported.
    pub(super) quiet_until: usize,
    /// The last bracket that closed something it should not have.
    pub(super) last_bad_close: Option<usize>,
    pub(super) too_deep: bool,
    comments: Seen,
    trailing_commas: Seen,
}

/// Something that is reported once, with the number of times it occurred.
#[derive(Default)]
struct Seen {
    first: Option<Span>,
    count: usize,
}

impl Seen {
    fn add(&mut self, span: Span) {
        self.first.get_or_insert(span);
        self.count += 1;
    }
}

impl<'s, 'd> Parser<'s, 'd> {
    pub(super) fn new(text: &'s str, problems: &'d mut Vec<Diagnostic>) -> Self {
        Self {
            text,
            at: if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 },
            open: Vec::new(),
            problems_before: problems.len(),
            problems,
            quiet_until: 0,
            last_bad_close: None,
            too_deep: false,
            comments: Seen::default(),
            trailing_commas: Seen::default(),
        }
    }

    /// The whole document.
    pub(super) fn document(mut self) -> Node<'s> {
        if u32::try_from(self.text.len()).is_err() {
            let message = "the plan has more than 4 GiB";
            self.report(Span::default(), || Diagnostic::new(Code::FileTooLarge, message));
            return Node { span: Span::default(), kind: Kind::Invalid };
        }
        self.space();
        let root = match self.peek() {
            Some(b',' | b'}' | b']') | None => self.no_document(),
            Some(_) => self.value(),
        };
        self.space();
        if self.peek().is_some() {
            self.text_after_end();
        }
        self.lints();
        root
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// What has not been read yet.
    pub(super) fn rest(&self) -> &'s str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn slice(&self, start: usize, end: usize) -> &'s str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// From an offset to what was read last.
    pub(super) fn since(&self, start: usize) -> Span {
        span(start, self.at)
    }

    /// A value. Consumes nothing and gives [`Kind::Invalid`] at a comma, a closing
    /// bracket or the end, which the caller reports where it is not a consequence.
    pub(super) fn value(&mut self) -> Node<'s> {
        loop {
            let start = self.at;
            let kind = match self.peek() {
                Some(b'"') => Kind::String(self.string().0),
                Some(b'-' | b'0'..=b'9') => self.number(),
                Some(b'{') => self.object(),
                Some(b'[') => self.array(),
                Some(b't') if self.word("true") => Kind::Bool(true),
                Some(b'f') if self.word("false") => Kind::Bool(false),
                Some(b'n') if self.word("null") => Kind::Null,
                Some(b',' | b'}' | b']') | None => Kind::Invalid,
                Some(_) => match self.odd_value() {
                    Some(kind) => kind,
                    None => continue,
                },
            };
            return Node { span: self.since(start), kind };
        }
    }

    /// A text in double quotes, and the place of what is between them.
    pub(super) fn string(&mut self) -> (Cow<'s, str>, Span) {
        let start = self.at + 1;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let plain = rest.iter().position(|&b| matches!(b, b'"' | b'\\' | 0..0x20));
        // Nearly all texts are this: nothing to resolve, and a separator behind them.
        if let Some(length) = plain
            && rest.get(length) == Some(&b'"')
            && matches!(rest.get(length + 1), Some(b',' | b':' | b'}' | b']'))
        {
            self.at = start + length + 1;
            let text = self.slice(start, start + length);
            return (Cow::Borrowed(text), span(start, start + length));
        }
        let end = self.string_end(start + plain.unwrap_or(rest.len()), start);
        (self.resolve(start, end), span(start, end))
    }

    /// The end of a text that began at `start` and has nothing special before `from`.
    fn string_end(&mut self, mut from: usize, start: usize) -> usize {
        let bytes = self.text.as_bytes();
        loop {
            let rest = bytes.get(from..).unwrap_or_default();
            let Some(found) = memchr3(b'"', b'\\', b'\n', rest) else {
                return self.unterminated(start, None);
            };
            let found = from + found;
            match bytes.get(found) {
                Some(b'"') => {
                    self.at = found + 1;
                    return self.swallowed(start, found).unwrap_or(found);
                }
                Some(b'\\') if bytes.get(found + 1) != Some(&b'\n') => from = found + 2,
                _ if self.goes_on_after(found) => from = found + 1,
                _ => return self.unterminated(start, Some(found)),
            }
        }
    }

    /// Resolves the escapes of a text, reporting what is wrong with them.
    pub(super) fn resolve(&mut self, start: usize, end: usize) -> Cow<'s, str> {
        let raw = self.slice(start, end);
        let mut faults = Vec::new();
        let text = decode(raw, |fault, place| {
            // One of a kind is enough for a text: the others are the same mistake.
            if faults.iter().all(|(known, _)| *known != fault) {
                faults.push((fault, span(start + place.start, start + place.end)));
            }
        });
        for (fault, place) in faults {
            self.bad_text(fault, place);
        }
        text
    }

    /// Spaces and comments.
    pub(super) fn space(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                Some(b'/') if !self.comment() => return,
                Some(b'/') => {}
                Some(b'#') => self.hash_comment(),
                _ => return,
            }
        }
    }

    /// Goes to the end of the line.
    pub(super) fn skip_line(&mut self) {
        let rest = self.rest();
        self.at += memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
    }

    fn comment(&mut self) -> bool {
        let start = self.at;
        let rest = self.rest();
        if rest.starts_with("//") {
            self.skip_line();
        } else if rest.starts_with("/*") {
            let body = rest.get(2..).unwrap_or_default();
            match memmem::find(body.as_bytes(), b"*/") {
                Some(length) => self.at += 2 + length + 2,
                None => {
                    self.at = self.text.len();
                    self.unterminated_comment(start);
                    return true;
                }
            }
        } else {
            return false;
        }
        let span = self.since(start);
        self.comments.add(span);
        true
    }

    /// A word that stands alone; a longer one that begins like it is not consumed.
    fn word(&mut self, word: &str) -> bool {
        let found = self.rest().strip_prefix(word).is_some_and(|after| {
            !after.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '-'))
        });
        if found {
            self.at += word.len();
        }
        found
    }

    fn number(&mut self) -> Kind<'s> {
        let rest = self.rest().as_bytes();
        let length = rest.iter().take_while(|&&b| in_number(b)).count();
        let text = self.slice(self.at, self.at + length);
        // Short decimals cannot be too large, and nearly all are.
        let finite = || {
            let may_overflow = length > 300 || memchr2(b'e', b'E', text.as_bytes()).is_some();
            !may_overflow || text.parse().is_ok_and(f64::is_finite)
        };
        if number::is_valid(text.as_bytes()) && finite() {
            self.at += length;
            return Kind::Number(Number::new(text));
        }
        self.bad_number(text)
    }

    fn array(&mut self) -> Kind<'s> {
        let mut items = Vec::new();
        if !self.items(b'[', |parser| items.push(parser.value())) {
            return Kind::Invalid;
        }
        Kind::Array(items)
    }

    fn object(&mut self) -> Kind<'s> {
        let mut members = Vec::new();
        if !self.items(b'{', |parser| members.extend(parser.member())) {
            return Kind::Invalid;
        }
        self.remove_duplicates(&mut members);
        Kind::Object(members)
    }

    fn member(&mut self) -> Option<Member<'s>> {
        let key = if self.peek() == Some(b'"') {
            let (text, span) = self.string();
            Key { text, span }
        } else {
            self.odd_key()?
        };
        self.space();
        if self.peek() == Some(b':') {
            self.at += 1;
            self.space();
            if matches!(self.peek(), Some(b',' | b'}' | b']') | None) {
                self.missing_value(&key);
            }
        } else {
            self.missing_colon(&key);
        }
        let value = self.value();
        Some(Member { key, value })
    }

    /// What stands between brackets, with the commas. `item` reads one item and
    /// is called where one begins. False if the brackets were too deep to be read.
    fn items(&mut self, bracket: u8, mut item: impl FnMut(&mut Self)) -> bool {
        if self.open.len() == MAX_DEPTH {
            self.skip_too_deep();
            return false;
        }
        let closing = closing(bracket);
        self.open.push((bracket, self.at));
        self.at += 1;
        let mut comma = None;
        let mut empty = true;
        loop {
            self.space();
            match self.peek() {
                Some(b) if b == closing => {
                    self.at += 1;
                    if let Some(comma) = comma
                        && !empty
                    {
                        self.trailing_commas.add(span(comma, comma + 1));
                    }
                    break;
                }
                Some(b'}' | b']') | None => {
                    self.wrong_close();
                    break;
                }
                Some(b',') => {
                    self.extra_comma();
                    comma = Some(self.at);
                    self.at += 1;
                }
                Some(_) => {
                    item(self);
                    empty = false;
                    comma = None;
                    let end = self.at;
                    self.space();
                    match self.peek() {
                        Some(b',') => {
                            comma = Some(self.at);
                            self.at += 1;
                        }
                        Some(b'}' | b']') | None => {}
                        Some(_) => self.missing_comma(end),
                    }
                }
            }
        }
        self.open.pop();
        true
    }

    fn remove_duplicates(&mut self, members: &mut Vec<Member<'s>>) {
        /// Up to here comparing each with each is faster than sorting.
        const FEW: usize = 12;
        let same = |a: usize, b: usize| match (members.get(a), members.get(b)) {
            (Some(a), Some(b)) => a.key.text == b.key.text,
            _ => false,
        };
        // Pairs of an earlier member and the next one of the same key.
        let mut pairs = Vec::new();
        if members.len() <= FEW {
            for later in 1..members.len() {
                if let Some(earlier) = (0..later).rev().find(|&earlier| same(earlier, later)) {
                    pairs.push((earlier, later));
                }
            }
        } else {
            let mut order: Vec<usize> = (0..members.len()).collect();
            order.sort_by_key(|&index| members.get(index).map(|member| &member.key.text));
            let neighbours = order.windows(2).filter_map(|pair| match *pair {
                [earlier, later] if same(earlier, later) => Some((earlier, later)),
                _ => None,
            });
            pairs.extend(neighbours);
        }
        if pairs.is_empty() {
            return;
        }
        let mut keep = vec![true; members.len()];
        for (earlier, later) in pairs {
            if let (Some(earlier), Some(later)) = (members.get(earlier), members.get(later)) {
                self.duplicate_key(&earlier.key, &later.key);
            }
            if let Some(slot) = keep.get_mut(earlier) {
                *slot = false;
            }
        }
        let mut keep = keep.into_iter();
        members.retain(|_| keep.next().unwrap_or(true));
    }

    fn lints(&mut self) {
        let times = |count: usize| match count {
            1 => String::new(),
            n => format!("there are {n} of them in this file"),
        };
        let comments = std::mem::take(&mut self.comments);
        let commas = std::mem::take(&mut self.trailing_commas);
        let found = [
            (comments, Code::Comment, "a comment", "accepted, but not JSON"),
            (commas, Code::TrailingComma, "a comma after the last item", "nothing follows it"),
        ];
        for (seen, code, message, label) in found {
            if let Some(first) = seen.first {
                let mut lint = Diagnostic::new(code, message).label(first, label);
                if seen.count > 1 {
                    lint = lint.note(times(seen.count));
                }
                self.problems.push(lint);
            }
        }
    }
}

/// A span from offsets, which [`Parser::document`] has found to fit.
pub(super) fn span(start: usize, end: usize) -> Span {
    Span::new(start as u32, end as u32)
}

pub(super) fn closing(bracket: u8) -> u8 {
    if bracket == b'[' { b']' } else { b'}' }
}

/// Whether a byte belongs to a number or to a mistaken attempt at one.
pub(super) fn in_number(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.' | b'_')
}

/// Whether a text begins with a quote of any kind.
pub(super) fn starts_quoted(text: &str) -> bool {
    text.chars().next().is_some_and(string::is_quote)
}
