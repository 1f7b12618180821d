//! The layout of plans: the same values and comments, each where it is easy to find.
//!
//! What fits into a line stands in one, everything else is broken into one item per line; an
//! action keeps its command beside its arguments. Comments stay where they are, next to what
//! they are about; of empty lines one is kept. The layout depends on nothing but values and
//! comments, so that a plan that was formatted stays as it is.

use std::iter::Peekable;
use std::ops::Range;

use crate::diag::{Diagnostic, Severity, Source};
use crate::json;
use crate::json::trivia::{Trivium, tokens};
use crate::notation;

/// Lines are at most this many characters long, unless a single value is longer.
const WIDTH: usize = 100;
/// Spaces per level.
const INDENT: usize = 2;

/// Why a plan cannot be formatted.
#[derive(Debug)]
pub enum Unformatted {
    /// It is not written in JSON.
    Notation,
    /// It cannot be read; the problems say why.
    Problems(Vec<Diagnostic>),
}

/// Formats a plan.
///
/// # Errors
/// When it is not in JSON, or not JSON.
pub fn format(source: &Source) -> Result<String, Unformatted> {
    if !notation::is_json(source) {
        return Err(Unformatted::Notation);
    }
    let mut problems = Vec::new();
    let _ = json::parse(source.text(), &mut problems);
    problems.retain(|problem| problem.severity == Severity::Error);
    if !problems.is_empty() {
        return Err(Unformatted::Problems(problems));
    }
    let mut reader = Reader { text: source.text(), tokens: tokens(source.text(), 0).peekable() };
    let root = reader.list("");
    let mut out = String::with_capacity(source.text().len());
    let mut writer = Writer { out: &mut out };
    writer.entries(&root, 0, false);
    out.push('\n');
    Ok(out.trim_start().to_owned())
}

/// A comment.
struct Comment<'t> {
    text: &'t str,
    /// Whether an empty line goes before it.
    apart: bool,
}

enum Value<'t> {
    /// A text, number or word, as written.
    Atom(&'t str),
    List(List<'t>),
}

/// An array or object, by its first bracket; the whole text has none.
struct List<'t> {
    open: &'t str,
    entries: Vec<Entry<'t>>,
    /// Comments after the last entry, on lines of their own.
    last: Vec<Comment<'t>>,
    /// How many characters it takes in one line; none when a comment keeps it from that.
    flat: Option<usize>,
}

/// An item or member.
struct Entry<'t> {
    before: Vec<Comment<'t>>,
    apart: bool,
    key: Option<&'t str>,
    value: Value<'t>,
    /// Comments behind it, on its last line.
    after: Vec<&'t str>,
}

impl Value<'_> {
    fn flat(&self) -> Option<usize> {
        match self {
            Self::Atom(text) => Some(text.chars().count()),
            Self::List(list) => list.flat,
        }
    }
}

impl Entry<'_> {
    fn flat(&self) -> Option<usize> {
        let key = self.key.map_or(0, |key| key.chars().count() + 2);
        let bare = self.before.is_empty() && self.after.is_empty();
        self.value.flat().filter(|_| bare).map(|value| key + value)
    }
}

struct Reader<'t, T: Iterator<Item = (Range<usize>, Trivium)>> {
    text: &'t str,
    tokens: Peekable<T>,
}

impl<'t, T: Iterator<Item = (Range<usize>, Trivium)>> Reader<'t, T> {
    /// Reads entries up to the closing bracket. The text is known to be JSON.
    fn list(&mut self, open: &'t str) -> List<'t> {
        let mut entries: Vec<Entry<'t>> = Vec::new();
        let mut comments: Vec<Comment<'t>> = Vec::new();
        // What was read since the last value: line ends, and whether there was a comma.
        let (mut lines, mut comma) = (0, false);
        // Comments behind a comma, until it is known whether their line ends with them.
        let mut behind = 0;
        let mut key: Option<&'t str> = None;
        let mut apart = false;
        while let Some((range, kind)) = self.tokens.next() {
            let piece = self.text.get(range).unwrap_or_default();
            match kind {
                Trivium::Space => {
                    let ends = piece.bytes().filter(|byte| *byte == b'\n').count();
                    if ends > 0 && behind > 0 {
                        let at = comments.len() - behind;
                        let moved = comments.drain(at..).map(|comment| comment.text);
                        if let Some(entry) = entries.last_mut() {
                            entry.after.extend(moved);
                        }
                        behind = 0;
                    }
                    lines += ends;
                }
                Trivium::Comment => {
                    let text = piece.trim_end();
                    match entries.last_mut() {
                        Some(entry) if lines == 0 && !comma && key.is_none() => {
                            entry.after.push(text);
                        }
                        _ => {
                            let can_be_behind = lines == 0 && key.is_none() && !entries.is_empty();
                            behind += usize::from(can_be_behind);
                            let apart = lines > 1 && !(entries.is_empty() && comments.is_empty());
                            comments.push(Comment { text, apart });
                            lines = 0;
                            if !can_be_behind {
                                // Its own line goes on.
                                behind = 0;
                            }
                        }
                    }
                }
                Trivium::Other => match piece {
                    "]" | "}" => break,
                    "," => comma = true,
                    ":" => {
                        if let Some(Entry {
                            value: Value::Atom(name),
                            before,
                            apart: was,
                            after,
                            ..
                        }) = entries.pop()
                        {
                            key = Some(name);
                            let later = std::mem::replace(&mut comments, before);
                            let after = after.into_iter();
                            comments.extend(after.map(|text| Comment { text, apart: false }));
                            comments.extend(later);
                            apart = was;
                        }
                    }
                    _ => {
                        let apart = match key {
                            Some(_) => apart,
                            None => lines > 1 && !(entries.is_empty() && comments.is_empty()),
                        };
                        let value = match piece {
                            "[" | "{" => Value::List(self.list(piece)),
                            _ => Value::Atom(piece),
                        };
                        let before = std::mem::take(&mut comments);
                        let key = key.take();
                        entries.push(Entry { before, apart, key, value, after: Vec::new() });
                        (lines, comma, behind) = (0, false, 0);
                    }
                },
            }
        }
        let mut list = List { open, entries, last: comments, flat: None };
        list.flat = list.measure();
        list
    }
}

impl List<'_> {
    fn measure(&self) -> Option<usize> {
        if !self.last.is_empty() {
            return None;
        }
        let separators = self.entries.len().saturating_sub(1) * 2;
        self.entries.iter().try_fold(2 + separators, |sum, entry| Some(sum + entry.flat()?))
    }

    fn close(&self) -> &'static str {
        if self.open == "[" { "]" } else { "}" }
    }

    /// Whether this is a word and its arguments, which stay beside it.
    fn is_action(&self) -> bool {
        match self.entries.as_slice() {
            [first, second] => {
                let bare = |entry: &Entry<'_>| entry.before.is_empty() && entry.after.is_empty();
                self.open == "["
                    && self.last.is_empty()
                    && bare(first)
                    && bare(second)
                    && matches!(first.value, Value::Atom(_))
                    && matches!(second.value, Value::List(_))
            }
            _ => false,
        }
    }
}

struct Writer<'o> {
    out: &'o mut String,
}

impl Writer<'_> {
    /// Writes a value that begins in column `column`, with `behind` characters after it.
    fn value(&mut self, value: &Value<'_>, level: usize, column: usize, behind: usize) {
        match value {
            Value::Atom(text) => self.out.push_str(text),
            Value::List(list) => {
                if list.flat.is_some_and(|flat| column + flat + behind <= WIDTH) {
                    return self.flat(list);
                }
                self.out.push_str(list.open);
                match list.entries.as_slice() {
                    [command, arguments] if list.is_action() => {
                        self.value(&command.value, level, 0, 0);
                        self.out.push_str(", ");
                        // What does not fit is broken whatever its length is.
                        self.value(&arguments.value, level, WIDTH, 1);
                    }
                    _ => {
                        self.entries(list, level + 1, true);
                        self.line(level);
                    }
                }
                self.out.push_str(list.close());
            }
        }
    }

    fn flat(&mut self, list: &List<'_>) {
        self.out.push_str(list.open);
        for (at, entry) in list.entries.iter().enumerate() {
            if at > 0 {
                self.out.push_str(", ");
            }
            if let Some(key) = entry.key {
                self.out.push_str(key);
                self.out.push_str(": ");
            }
            match &entry.value {
                Value::Atom(text) => self.out.push_str(text),
                Value::List(list) => self.flat(list),
            }
        }
        self.out.push_str(list.close());
    }

    /// Writes entries and comments, each on lines of its own.
    fn entries(&mut self, list: &List<'_>, level: usize, commas: bool) {
        for (at, entry) in list.entries.iter().enumerate() {
            self.comments(&entry.before, level);
            self.apart(entry.apart);
            self.line(level);
            let mut column = level * INDENT;
            if let Some(key) = entry.key {
                self.out.push_str(key);
                self.out.push_str(": ");
                column += key.chars().count() + 2;
            }
            let comma = commas && at + 1 < list.entries.len();
            self.value(&entry.value, level, column, usize::from(comma));
            if comma {
                self.out.push(',');
            }
            for comment in &entry.after {
                self.out.push(' ');
                self.out.push_str(&comment.replace("\r\n", "\n"));
            }
        }
        self.comments(&list.last, level);
    }

    fn comments(&mut self, comments: &[Comment<'_>], level: usize) {
        for comment in comments {
            self.apart(comment.apart);
            self.line(level);
            self.out.push_str(&comment.text.replace("\r\n", "\n"));
        }
    }

    fn apart(&mut self, apart: bool) {
        if apart {
            self.out.push('\n');
        }
    }

    fn line(&mut self, level: usize) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', level * INDENT));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formatted(text: &str) -> String {
        let once = format(&Source::new("plan.json", text)).unwrap();
        let again = format(&Source::new("plan.json", once.as_str())).unwrap();
        assert_eq!(once, again, "formatted twice");
        once
    }

    #[test]
    fn what_fits_into_a_line_stands_in_one() {
        assert_eq!(formatted("[\n[\"LD_summary\" ,{ } ]\n]"), "[[\"LD_summary\", {}]]\n");
        assert_eq!(
            formatted("\u{feff}{\"a\":[1,2,],\"b\":\"\\u00e9\"}"),
            "{\"a\": [1, 2], \"b\": \"\\u00e9\"}\n"
        );
    }

    #[test]
    fn an_action_keeps_its_command_beside_its_arguments() {
        let name = "x".repeat(60);
        let plan = format!(
            r#"[["LD_start_test", {{"host": "{name}", "tasks": [{{"method": "get", "name": "{name}"}}, {{"method": "get"}}]}}]]"#
        );
        let expected = format!(
            r#"[
  ["LD_start_test", {{
    "host": "{name}",
    "tasks": [
      {{"method": "get", "name": "{name}"}},
      {{"method": "get"}}
    ]
  }}]
]
"#
        );
        assert_eq!(formatted(&plan), expected);
    }

    #[test]
    fn comments_and_empty_lines_stay_where_they_are() {
        let plan = "// about it all\n\n\n[ // first\n  1, // one\n  2 /* two */,\n\n\n  // three\n  3, \
                    /* four */ 4,\n  {\"a\" /* k */ : /* v */ 5}\n\n  // last\n]\n// end";
        let expected = "// about it all\n\n[\n  // first\n  1, // one\n  2, /* two */\n\n  // three\n  3,\n  \
                        /* four */\n  4,\n  {\n    /* k */\n    /* v */\n    \"a\": 5\n  }\n\n  // last\n]\n// end\n";
        assert_eq!(formatted(plan), expected);
        assert_eq!(formatted("[/* nothing */]"), "[\n  /* nothing */\n]\n");
        assert_eq!(formatted("[1, // one\r\n 2\r\n]\r\n"), "[\n  1, // one\n  2\n]\n");
    }

    #[test]
    fn what_is_no_json_is_refused() {
        let refused = |name: &str, text: &str| format(&Source::new(name, text)).unwrap_err();
        assert!(matches!(refused("plan.yaml", "- a\n"), Unformatted::Notation));
        assert!(
            matches!(refused("plan.json", "[1 2]"), Unformatted::Problems(list) if list.len() == 1)
        );
    }
}
