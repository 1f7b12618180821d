//! YAML 1.2 with the core schema as JSON values, from the events of `saphyr-parser`.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Number, Value};

use crate::source::{Failure, Source};

/// Lists and objects may be nested this deep, as in JSON.
const MAX_DEPTH: usize = 128;

/// Values a document may have, those that aliases repeat included: a few lines could otherwise
/// stand for more than any memory holds.
const MAX_VALUES: usize = 4_000_000;

/// Reads a document.
///
/// # Errors
/// What is wrong with it, and the line.
pub(crate) fn parse(source: &Source) -> Result<Value, Failure> {
    let mut reader = Reader::default();
    let place = |line: usize| format!("{}:{line}", source.name);
    for event in Parser::new_from_str(&source.text) {
        let (event, span) = event.map_err(|error| {
            Failure::new(&place(error.marker().line()), error.info().to_owned())
        })?;
        reader.event(event).map_err(|message| Failure::new(&place(span.start.line()), message))?;
    }
    reader.root.ok_or_else(|| Failure::new(&source.name, "there is nothing in it"))
}

#[derive(Default)]
struct Reader {
    /// Lists and objects that have begun.
    open: Vec<Open>,
    /// What anchors stand for, with the number of values in it.
    anchors: HashMap<usize, (Value, usize)>,
    /// Values so far.
    values: usize,
    root: Option<Value>,
}

/// A list or object that has begun.
struct Open {
    anchor: usize,
    /// Values there were when it began.
    before: usize,
    content: Content,
}

enum Content {
    List(Vec<Value>),
    /// Members, the key that waits for its value, and what `<<` merges.
    Object(Map<String, Value>, Option<String>, Vec<Value>),
}

impl Reader {
    fn event(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if let Some(Open { content: Content::Object(members, key @ None, _), .. }) =
                    self.open.last_mut()
                {
                    if text != "<<" && members.contains_key(text.as_ref()) {
                        return Err(format!("`{text}` is here twice"));
                    }
                    if anchor > 0 {
                        self.anchors.insert(anchor, (Value::String(text.to_string()), 1));
                    }
                    *key = Some(text.into_owned());
                    return Ok(());
                }
                self.add(scalar(&text, style, tag.as_deref()), anchor, 1)
            }
            Event::SequenceStart(anchor, _) => self.begin(anchor, Content::List(Vec::new())),
            Event::MappingStart(anchor, _) => {
                self.begin(anchor, Content::Object(Map::new(), None, Vec::new()))
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some((_, count)) if self.values + count > MAX_VALUES => Err(too_many()),
                Some((value, count)) => {
                    let (value, count) = (value.clone(), *count);
                    self.add(value, 0, count)
                }
                None => Err("this alias stands inside of what it repeats".to_owned()),
            },
            Event::DocumentStart(_) if self.root.is_some() => {
                Err("this is one document, and here begins another".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, anchor: usize, content: Content) -> Result<(), String> {
        if let Some(Open { content: Content::Object(_, None, _), .. }) = self.open.last() {
            return Err("a key must be a text".to_owned());
        }
        if self.open.len() >= MAX_DEPTH {
            return Err("this is nested too deeply".to_owned());
        }
        self.open.push(Open { anchor, before: self.values, content });
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let value = match open.content {
            Content::List(items) => Value::Array(items),
            Content::Object(mut members, _, merges) => {
                for merge in merges {
                    let Value::Object(more) = merge else {
                        return Err("`<<` takes an object, or a list of objects".to_owned());
                    };
                    for (name, value) in more {
                        members.entry(name).or_insert(value);
                    }
                }
                Value::Object(members)
            }
        };
        let count = self.values - open.before;
        self.values = open.before;
        self.add(value, open.anchor, count + 1)
    }

    /// Puts a finished value, which holds `count` values, to where it belongs.
    fn add(&mut self, value: Value, anchor: usize, count: usize) -> Result<(), String> {
        self.values += count;
        if self.values > MAX_VALUES {
            return Err(too_many());
        }
        if anchor > 0 {
            self.anchors.insert(anchor, (value.clone(), count));
        }
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(value),
            Some(Content::List(items)) => items.push(value),
            Some(Content::Object(members, key, merges)) => match (key.take(), value) {
                (Some(name), Value::Array(items)) if name == "<<" => merges.extend(items),
                (Some(name), value) if name == "<<" => merges.push(value),
                (Some(name), value) => {
                    members.insert(name, value);
                }
                // A key that is an alias of a text.
                (None, Value::String(name)) => *key = Some(name),
                (None, _) => return Err("a key must be a text".to_owned()),
            },
        }
        Ok(())
    }
}

fn too_many() -> String {
    format!("the document has more than {MAX_VALUES} values")
}

/// The value of a scalar: text in quotes or blocks, and by the core schema otherwise.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let as_text = || Value::String(text.to_owned());
    match tag.filter(|tag| tag.is_yaml_core_schema()).map(|tag| tag.suffix.as_str()) {
        Some("str") => return as_text(),
        Some(_) => {}
        None if style != ScalarStyle::Plain => return as_text(),
        None => {}
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let whole = match (text.strip_prefix("0x"), text.strip_prefix("0o")) {
        (Some(digits), _) => i64::from_str_radix(digits, 16).ok(),
        (_, Some(digits)) => i64::from_str_radix(digits, 8).ok(),
        _ => text.parse().ok(),
    };
    if let Some(number) = whole {
        return Value::from(number);
    }
    // Rust's own grammar knows words for numbers that YAML does not.
    let is_decimal = text.chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c));
    let number = text.parse::<f64>().ok().filter(|_| is_decimal).and_then(Number::from_f64);
    number.map_or_else(as_text, Value::Number)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use serde_json::json;

    fn read(text: &str) -> Result<Value, Failure> {
        parse(&Source::new("x.yaml", text.as_bytes(), Path::new("")).unwrap())
    }

    #[test]
    fn values_are_those_of_the_core_schema_with_aliases_and_merges() {
        assert_eq!(
            read("[1, 0x1F, 1.5, yes, 2026-11-22, ~, '1', !!str 5, true]").unwrap(),
            json!([1, 31, 1.5, "yes", "2026-11-22", null, "1", "5", true])
        );
        assert_eq!(
            read("a: &x {k: 1}\nb: *x\nc: {<<: *x, k: 2, l: 3}\n200: {<<: [*x]}").unwrap(),
            json!({"a": {"k": 1}, "b": {"k": 1}, "c": {"k": 2, "l": 3}, "200": {"k": 1}})
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line, message) in [
            ("a: 1\na: 2", 2, "`a` is here twice"),
            ("a: &x [*x]", 1, "this alias stands inside of what it repeats"),
            ("a: 1\n---\nb: 2", 2, "this is one document, and here begins another"),
        ] {
            let failure = read(text).unwrap_err();
            assert_eq!(
                (failure.place, failure.message),
                (format!("x.yaml:{line}"), message.into())
            );
        }
        assert!(read("a: [1, 2\nb: 3").is_err());
        assert!(read("").is_err());
    }

    #[test]
    fn few_lines_cannot_stand_for_more_than_memory_holds() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..30 {
            let inner = format!("*a{}, ", level - 1).repeat(10);
            text.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
        }
        assert!(read(&text).unwrap_err().message.contains("more than"));
        assert!(read(&"[".repeat(100_000)).is_err());
        assert!(read(&"- ".repeat(100_000)).is_err());
    }
}
