//! Parts of replies: what scripts ask of them, and the extracts that give them to later requests.

use std::rc::Rc;

use oxc_span::Span;
use serde_json::{Value as Json, json};

use super::code::Code;
use super::machine::Machine;
use super::value::{Part, Row, Test, Value, What};

impl<'a> Machine<'a, '_> {
    /// A member of a part of a reply.
    pub(super) fn part_member(&self, part: &Part, name: &str) -> Value<'a> {
        let what = match (&part.what, name) {
            (What::Whole, "status") => What::Status,
            (What::Whole, "body") => What::Body,
            (What::Whole, "headers") => What::Headers,
            (What::Whole, "cookies") => What::Cookies,
            (What::Whole, "timings") => What::Timings,
            (What::Timings, "duration") => What::Duration,
            (What::Headers, name) => What::Header(name.to_owned()),
            (What::Cookies, name) => What::Cookie(name.to_owned()),
            (What::Cookie(name), "0") => What::CookieOf(name.clone()),
            (What::CookieOf(name), "value") => What::CookieOf(name.clone()),
            (What::Json(path), "length") => What::Count(path.clone()),
            (What::Body, "length") => What::Size,
            (What::Json(path), name) if !name.contains('.') => What::Json(dotted(path, name)),
            (What::Regex(pattern), group) => match group.parse() {
                Ok(group) => What::RegexGroup(pattern.clone(), group),
                Err(_) => What::Other(group.to_owned()),
            },
            (What::Css(selector), "length") => What::CssCount(selector.clone()),
            (_, name) => What::Other(name.to_owned()),
        };
        Self::part_of(part, what)
    }

    fn part_of(part: &Part, what: What) -> Value<'a> {
        Value::Reply(Rc::new(Part { request: part.request, what, hint: None }))
    }

    /// What a method of a part of a reply gives.
    pub(super) fn part_method(
        &mut self,
        part: &Part,
        name: &str,
        arguments: &[Value<'a>],
        span: Span,
    ) -> Value<'a> {
        let first = arguments.first().and_then(Value::to_text);
        let plain = Self::part_of;
        match (&part.what, name, first) {
            (What::Whole, "json", None) => plain(part, What::Json(String::new())),
            (What::Whole, "json", Some(path)) if !path.contains(['#', '*', '|', '@', '\\']) => {
                plain(part, What::Json(path))
            }
            (What::Whole, "html", None) => plain(part, What::Html),
            (What::Whole, "html", Some(selector)) => plain(part, What::Css(selector)),
            (What::Html, "find", Some(selector)) => plain(part, What::Css(selector)),
            (What::Css(outer), "find", Some(selector)) => {
                plain(part, What::Css(format!("{outer} {selector}")))
            }
            (What::Css(selector), "first", _) => plain(part, What::Css(selector.clone())),
            (What::Css(selector), "text" | "html", _) => {
                plain(part, What::CssText(selector.clone()))
            }
            (What::Css(selector), "attr", Some(attribute)) => {
                plain(part, What::CssAttribute(selector.clone(), attribute))
            }
            (What::Css(selector), "val", _) => {
                plain(part, What::CssAttribute(selector.clone(), "value".to_owned()))
            }
            (What::Css(selector), "size", _) => plain(part, What::CssCount(selector.clone())),
            (
                What::Body | What::Header(_) | What::Json(_) | What::CssText(_),
                "includes" | "contains",
                _,
            )
            | (What::Body, "indexOf", _) => {
                let what = arguments.first().cloned().unwrap_or(Value::Undefined);
                Value::test(Test::Contains(Value::Reply(Rc::new(part.clone())), what))
            }
            (What::Body | What::Header(_) | What::Json(_), "startsWith", Some(text)) => {
                let pattern = format!("^{}", regex::escape(&text));
                Value::test(Test::Matches(Value::Reply(Rc::new(part.clone())), Rc::from(pattern)))
            }
            (What::Body | What::Header(_) | What::Json(_), "endsWith", Some(text)) => {
                let pattern = format!("{}$", regex::escape(&text));
                Value::test(Test::Matches(Value::Reply(Rc::new(part.clone())), Rc::from(pattern)))
            }
            (What::Body, "match", _) => match arguments.first() {
                Some(Value::Regex(pattern)) => plain(part, What::Regex(pattern.to_string())),
                _ => Value::Unknown(Rc::from(self.words(span))),
            },
            (What::Headers, "hasOwnProperty", Some(name)) => {
                let header = plain(part, What::Header(name));
                Value::test(Test::Compare("!=", header, Value::Undefined))
            }
            (What::Json(_), "hasOwnProperty", Some(name)) => {
                let member = self.part_member(part, &name);
                Value::test(Test::Compare("!=", member, Value::Undefined))
            }
            (_, "trim" | "toString" | "valueOf", _) => Value::Reply(Rc::new(part.clone())),
            _ => self.method_of_code(&Value::Reply(Rc::new(part.clone())), name, arguments, span),
        }
    }

    /// The value of a part in the plan; the request extracts it.
    pub(super) fn extracted(&mut self, part: &Part, span: Span) -> Option<String> {
        let known = self.requests.get(part.request)?;
        if let Some((_, variable)) = known.variables.iter().find(|(what, _)| *what == part.what) {
            return Some(variable.clone());
        }
        let (mut entry, wanted) = match &part.what {
            What::Status => (json!({"from": "status_code"}), "status".to_owned()),
            What::Body => (json!({"from": "body"}), "body".to_owned()),
            What::Json(path) => (json!({"path": path}), name_of(path)),
            What::Header(name) => (json!({"from": "header", "name": name}), name.clone()),
            What::Cookie(name) | What::CookieOf(name) => {
                (json!({"from": "cookie", "name": name}), name.clone())
            }
            What::CssText(selector) => {
                (json!({"from": "css", "selector": selector}), "text".to_owned())
            }
            What::CssAttribute(selector, attribute) => (
                json!({"from": "css", "selector": selector, "attribute": attribute}),
                attribute.clone(),
            ),
            What::Regex(pattern) => {
                (json!({"from": "regex", "pattern": pattern, "group": 0}), "matched".to_owned())
            }
            What::RegexGroup(pattern, group) => {
                (json!({"from": "regex", "pattern": pattern, "group": group}), "matched".to_owned())
            }
            What::Boundary(left, right) => {
                (json!({"from": "boundary", "left": left, "right": right}), "between".to_owned())
            }
            _ => return None,
        };
        if matches!(part.what, What::Status) {
            self.takes_any_status(part.request, span);
        }
        let variable = self.fresh(part.hint.as_deref().unwrap_or(&wanted));
        if let Some(members) = entry.as_object_mut() {
            members.shift_insert(0, "var".to_owned(), json!(variable));
        }
        let sent = self.requests.get_mut(part.request)?;
        sent.task.extract.push(entry);
        sent.variables.push((part.what.clone(), variable.clone()));
        Some(variable)
    }

    /// The script decides on the status itself: no reply fails because of it, so that the status is
    /// there whatever it is.
    fn takes_any_status(&mut self, request: usize, span: Span) {
        let Some(sent) = self.requests.get_mut(request) else { return };
        let asked = |check: &Json| {
            check.get("type") == Some(&json!("status_code")) && check.get("soft").is_none()
        };
        if sent.task.assertions.iter().any(asked) {
            return;
        }
        sent.task.assertions.push(json!({"type": "status_code", "op": "lt", "value": 600}));
        self.remark(
            span,
            "the script decides on the status, so that none fails the request by itself",
        );
    }

    /// How many items, characters or elements there are of something.
    pub(super) fn counted(&mut self, part: &Part, span: Span) -> Option<Code> {
        let of = match &part.what {
            What::Count(path) => What::Json(path.clone()),
            What::Size => What::Body,
            _ => return None,
        };
        let variable = self.extracted(&Part { what: of, hint: None, ..part.clone() }, span)?;
        Some(Code::Call("len", vec![Code::Name(variable)]))
    }

    /// The variable with the value of a row's column.
    pub(super) fn column(&mut self, row: &Row) -> Option<Code> {
        let (column, rest) = match row.path.split_once('.') {
            Some((column, rest)) => (column, Some(rest)),
            None => (row.path.as_str(), None),
        };
        if column.is_empty() {
            return None;
        }
        let known = self.takers.get(row.taker)?.columns.iter();
        let known = known.clone().find(|(_, path)| path == column).map(|(name, _)| name.clone());
        let name = match known {
            Some(name) => name,
            None => {
                let name = self.fresh(column);
                let taker = self.takers.get_mut(row.taker)?;
                taker.columns.push((name.clone(), column.to_owned()));
                name
            }
        };
        let whole = Code::Name(name);
        Some(match rest {
            Some(rest) => Code::Call("item", vec![whole, Code::text(rest)]),
            None => whole,
        })
    }
}

/// A name for the value at a path: of two words where the last one says little.
fn name_of(path: &str) -> String {
    let words: Vec<&str> =
        path.split('.').filter(|word| !word.starts_with(|c: char| c.is_ascii_digit())).collect();
    match words.as_slice() {
        [.., before, last @ ("id" | "name" | "value" | "key" | "url")] => {
            format!("{before}_{last}")
        }
        [.., ""] | [] => "json".to_owned(),
        [.., last] => (*last).to_owned(),
    }
}

/// A path and a name further in.
pub(super) fn dotted(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
