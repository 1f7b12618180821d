//! YAML 1.2 with the core schema, from the events of `saphyr-parser`; and written.

mod write;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

pub use self::write::write;
use super::{MAX_DEPTH, MAX_VALUES, Parsed, Problem, span, tree};
use crate::span::Span;
use crate::template::{Member, Template, Tree, TreeKind};

/// Reads a document of ours. Tags and numbers that mean something elsewhere are refused.
///
/// # Errors
/// What is wrong with it. Of several problems of the notation only the first is known.
pub fn parse(text: &str) -> Parsed {
    read(text, true)
}

/// Reads a document of another tool: tags that we do not know are passed over, and numbers that
/// JSON does not have are texts.
///
/// # Errors
/// As for [`parse`].
pub fn parse_foreign(text: &str) -> Parsed {
    read(text, false)
}

fn read(text: &str, is_ours: bool) -> Parsed {
    let mut reader = Reader {
        is_ours,
        offsets: Offsets::new(text),
        open: Vec::new(),
        anchors: HashMap::new(),
        values: 0,
        root: None,
        problems: Vec::new(),
    };
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, place)) => {
                let (start, end) = (place.start.index(), place.end.index());
                let place = span(reader.offsets.byte(start), reader.offsets.byte(end));
                if !reader.event(event, place) {
                    break;
                }
            }
            Err(error) => {
                let at = reader.offsets.byte(error.marker().index());
                reader.refuse(span(at, at), error.info().to_owned());
                break;
            }
        }
    }
    match reader.root {
        Some(root) if reader.problems.is_empty() => Ok(root),
        None if reader.problems.is_empty() => {
            Err(vec![Problem::new(span(0, 0), "there is nothing in it")])
        }
        _ => Err(reader.problems),
    }
}

struct Reader {
    is_ours: bool,
    offsets: Offsets,
    /// Lists and objects that have begun.
    open: Vec<Open>,
    /// What anchors stand for, with the number of values in it.
    anchors: HashMap<usize, (Tree, usize)>,
    /// Values so far.
    values: usize,
    root: Option<Tree>,
    problems: Vec<Problem>,
}

/// A list or object that has begun.
struct Open {
    start: Span,
    anchor: usize,
    /// Values there were when it began.
    before: usize,
    /// The items of a list.
    items: Vec<Tree>,
    /// The members of an object …
    members: Option<Vec<Member>>,
    /// … their names …
    names: HashSet<String>,
    /// … and the key that waits for its value.
    key: Option<(String, Span)>,
}

impl Reader {
    /// Takes an event; false when there is no use in going on.
    fn event(&mut self, event: Event<'_>, place: Span) -> bool {
        match event {
            Event::Scalar(_, _, _, Some(tag))
            | Event::SequenceStart(_, Some(tag))
            | Event::MappingStart(_, Some(tag))
                if self.is_ours && !is_known(&tag) =>
            {
                let message = format!("the tag `{tag}` says nothing here; leave it out");
                self.refuse(place, message)
            }
            Event::Scalar(text, ScalarStyle::Plain, _, _)
                if self.is_ours && is_no_number(&text) =>
            {
                self.refuse(place, format!("`{text}` is no number that a plan can have"))
            }
            Event::Scalar(text, style, anchor, tag) => {
                let kind = match self.waits_for_key() {
                    true => TreeKind::Text(Template::text(text.as_bytes())),
                    false => scalar(&text, style, tag.as_deref()),
                };
                self.add(tree(place, kind), anchor, 1)
            }
            Event::SequenceStart(anchor, _) => self.begin(place, anchor, None),
            Event::MappingStart(anchor, _) => self.begin(place, anchor, Some(Vec::new())),
            Event::SequenceEnd | Event::MappingEnd => self.end(place),
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                // What is wrong in it is told where it stands, so it keeps its places.
                Some((value, count)) => self.add(value, 0, count),
                None => self.refuse(place, "this alias stands inside of what it repeats"),
            },
            Event::DocumentStart(_) if self.root.is_some() => {
                self.refuse(place, "this is one document, and here begins another")
            }
            _ => true,
        }
    }

    fn refuse(&mut self, place: Span, message: impl Into<String>) -> bool {
        self.problems.push(Problem::new(place, message));
        false
    }

    fn waits_for_key(&self) -> bool {
        self.open.last().is_some_and(|open| open.members.is_some() && open.key.is_none())
    }

    fn begin(&mut self, start: Span, anchor: usize, members: Option<Vec<Member>>) -> bool {
        if self.waits_for_key() {
            return self.refuse(start, "a key must be a text");
        }
        if self.open.len() >= MAX_DEPTH {
            return self.refuse(start, "this is nested too deeply");
        }
        let before = self.values;
        let (items, names) = (Vec::new(), HashSet::new());
        self.open.push(Open { start, anchor, before, items, members, names, key: None });
        true
    }

    fn end(&mut self, place: Span) -> bool {
        let Some(open) = self.open.pop() else { return true };
        let end = if place.end > open.start.end { place } else { open.start };
        let span = Span::new(open.start.start, end.end);
        let kind = match open.members {
            Some(members) => match merged(members) {
                Ok(members) => TreeKind::Map(members),
                Err(problem) => {
                    self.problems.push(problem);
                    return false;
                }
            },
            None => TreeKind::List(open.items),
        };
        let count = self.values - open.before;
        self.values = open.before;
        self.add(tree(span, kind), open.anchor, count + 1)
    }

    /// Puts a finished value, which holds `count` values, to where it belongs.
    fn add(&mut self, value: Tree, anchor: usize, count: usize) -> bool {
        self.values += count;
        if self.values > MAX_VALUES {
            return self
                .refuse(value.span, format!("the document has more than {MAX_VALUES} values"));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, (value.clone(), count));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(value);
            return true;
        };
        let Some(members) = &mut open.members else {
            open.items.push(value);
            return true;
        };
        match open.key.take() {
            Some((name, name_span)) => members.push(Member { name, name_span, value }),
            None => match &value.kind {
                TreeKind::Text(text) => {
                    let name = text.constant().unwrap_or_default();
                    let name = String::from_utf8_lossy(&name).into_owned();
                    if name != "<<" && !open.names.insert(name.clone()) {
                        let message = format!("`{name}` is here twice");
                        return self.refuse(value.span, message);
                    }
                    open.key = Some((name, value.span));
                }
                _ => return self.refuse(value.span, "a key must be a text"),
            },
        }
        true
    }
}

/// Members with those of `<<` behind them, unless they have them already.
fn merged(members: Vec<Member>) -> Result<Vec<Member>, Problem> {
    if members.iter().all(|member| member.name != "<<") {
        return Ok(members);
    }
    let (merges, mut members): (Vec<_>, Vec<_>) =
        members.into_iter().partition(|member| member.name == "<<");
    let sources = merges.into_iter().flat_map(|member| match member.value.kind {
        TreeKind::List(items) => items,
        _ => vec![member.value],
    });
    let mut names: HashSet<String> = members.iter().map(|member| member.name.clone()).collect();
    for source in sources {
        let TreeKind::Map(more) = source.kind else {
            return Err(Problem::new(source.span, "`<<` takes an object, or a list of objects"));
        };
        for member in more {
            if names.insert(member.name.clone()) {
                members.push(member);
            }
        }
    }
    Ok(members)
}

/// Whether a tag is one of the core schema's.
fn is_known(tag: &Tag) -> bool {
    const CORE: [&str; 7] = ["str", "int", "float", "bool", "null", "seq", "map"];
    tag.is_yaml_core_schema() && CORE.contains(&tag.suffix.as_str())
}

/// Whether a text means a number that is none: JSON has no infinity.
fn is_no_number(text: &str) -> bool {
    let word = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    word == ".inf" || word == ".nan"
}

/// The value of a scalar: text in quotes or blocks, and by the core schema otherwise.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> TreeKind {
    let as_text = || TreeKind::Text(Template::text(text.as_bytes()));
    match tag.filter(|tag| tag.is_yaml_core_schema()).map(|tag| tag.suffix.as_str()) {
        Some("str") => return as_text(),
        Some(_) => {}
        None if style != ScalarStyle::Plain => return as_text(),
        None => {}
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return TreeKind::Null,
        "true" | "True" | "TRUE" => return TreeKind::Bool(true),
        "false" | "False" | "FALSE" => return TreeKind::Bool(false),
        _ => {}
    }
    let whole = match (text.strip_prefix("0x"), text.strip_prefix("0o")) {
        (Some(digits), _) => i64::from_str_radix(digits, 16).ok(),
        (_, Some(digits)) => i64::from_str_radix(digits, 8).ok(),
        _ => text.parse().ok(),
    };
    if let Some(number) = whole {
        return TreeKind::Int(number);
    }
    // Rust's own grammar knows words for numbers that YAML does not.
    let is_decimal = text.chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c));
    match text.parse::<f64>() {
        Ok(number) if is_decimal && number.is_finite() => TreeKind::Float(number),
        _ => as_text(),
    }
}

/// From characters, which the parser counts, to bytes.
struct Offsets(Cow<'static, [u32]>);

impl Offsets {
    fn new(text: &str) -> Self {
        if text.is_ascii() {
            return Self(Cow::Borrowed(&[]));
        }
        let starts = text.char_indices().map(|(at, _)| at as u32);
        Self(starts.chain([text.len() as u32]).collect())
    }

    fn byte(&self, character: usize) -> usize {
        match (self.0.get(character), self.0.last()) {
            (Some(&byte), _) => byte as usize,
            (None, Some(&end)) => end as usize,
            (None, None) => character,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        let tree = parse(text).unwrap();
        String::from_utf8(tree.to_json().constant().unwrap()).unwrap()
    }

    fn problem(text: &str) -> (String, String) {
        let problems = parse(text).unwrap_err();
        let span = problems[0].span;
        (problems[0].message.clone(), text[span.range()].to_owned())
    }

    #[test]
    fn values_are_those_of_the_core_schema() {
        for (text, expected) in [
            ("[1, -2, +3, 0x1F, 0o17, 1.5, .5, 1e3]", "[1, -2, 3, 31, 15, 1.5, 0.5, 1000.0]"),
            ("[true, False, null, ~, ]", "[true, false, null, null]"),
            (
                "[yes, off, 1_000, 12:30, 2026-11-22, inf]",
                r#"["yes", "off", "1_000", "12:30", "2026-11-22", "inf"]"#,
            ),
            (r#"["1", 'it''s', !!str 5]"#, r#"["1", "it's", "5"]"#),
            ("a: |\n  x\n  y\nb: >\n  x\n  y\n", r#"{"a": "x\ny\n", "b": "x y\n"}"#),
            ("1: x\ntrue: y", r#"{"1": "x", "true": "y"}"#),
            (
                "a: &x {k: 1}\nb: *x\nc: {<<: *x, k: 2, l: 3}\nd: {<<: [*x]}",
                r#"{"a": {"k": 1}, "b": {"k": 1}, "c": {"k": 2, "l": 3}, "d": {"k": 1}}"#,
            ),
            ("---\n- é\n...\n", "[\"\\u00e9\"]"),
        ] {
            assert_eq!(json(text), expected, "{text}");
        }
    }

    #[test]
    fn places_are_bytes_of_the_text() {
        let text = "é:\n  - \"ö\"\n  - plain\n";
        let tree = parse(text).unwrap();
        let TreeKind::List(items) = &tree.member("é").unwrap().kind else { panic!() };
        let places: Vec<_> = items.iter().map(|item| &text[item.span.range()]).collect();
        assert_eq!(places, ["\"ö\"", "plain"]);
    }

    #[test]
    fn problems_have_their_places() {
        assert_eq!(problem("a: 1\na: 2"), ("`a` is here twice".into(), "a".into()));
        assert_eq!(problem("[a]: 1").0, "a key must be a text");
        assert_eq!(problem("a: 1\n---\nb: 2").0, "this is one document, and here begins another");
        assert_eq!(problem("a: &x [*x]").0, "this alias stands inside of what it repeats");
        assert_eq!(problem("<<: 5").0, "`<<` takes an object, or a list of objects");
        assert_eq!(problem("").0, "there is nothing in it");
        assert_eq!(problem("a: !vault x").0, "the tag `!vault` says nothing here; leave it out");
        assert!(problem("- !!set {a: null}").0.contains("says nothing here"));
        assert_eq!(problem("a: [1, -.Inf]").0, "`-.Inf` is no number that a plan can have");
        assert!(parse("a: [1, 2\nb: 3").is_err());
        assert!(parse_foreign("a: !vault .inf").is_ok());
    }

    #[test]
    fn few_lines_cannot_stand_for_more_than_memory_holds() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..30 {
            let inner = format!("*a{}, ", level - 1).repeat(10);
            text.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
        }
        assert!(problem(&text).0.contains("more than"));
        assert!(parse(&"[".repeat(100_000)).is_err());
        assert!(parse(&"- ".repeat(100_000)).is_err());
    }
}
