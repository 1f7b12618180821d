//! Parts of replies: what scripts ask of them, and the extracts that give them to later requests.

use std::rc::Rc;

use oxc_span::Span;
use serde_json::{Value as Json, json};

use super::code::Code;
use super::machine::Machine;
use super::queries::{within, word_of};
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
            // Of gRPC; what failed has a reply of its own, with a message and a code.
            (What::Whole, "message" | "error") if self.is_call(part) => What::Json(String::new()),
            (What::Whole, "trailers") if self.is_call(part) => What::Headers,
            (What::Header(name), "0") if self.is_call(part) => What::Header(name.clone()),
            (What::Timings, "duration") => What::Duration,
            (What::Headers, name) => What::Header(name.to_owned()),
            (What::Cookies, name) => What::Cookie(name.to_owned()),
            (What::Cookie(name), "0") => What::CookieOf(name.clone()),
            (What::CookieOf(name), "value") => What::CookieOf(name.clone()),
            (What::Json(path), "length") => What::Count(path.clone()),
            (What::Found(query), "length") => What::FoundCount(query.clone()),
            (What::Found(query), number) => match number.parse::<usize>() {
                Ok(number) => What::One(query.clone(), number + 1),
                Err(_) => What::Other(number.to_owned()),
            },
            (What::One(query, number), name) => What::One(within(query, name), *number),
            (What::Item(path), "length") => What::ItemLength(path.clone()),
            (What::Item(path), name) => What::Item(within(path, name)),
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
        if let Some(value) = self.list_method(part, name, arguments, span) {
            return value;
        }
        let first = arguments.first().and_then(Value::to_text);
        let plain = Self::part_of;
        if let Some(member) = super::sql::result_member(name)
            && part.what == What::Json(String::new())
        {
            return plain(part, What::Json(member.to_owned()));
        }
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
            (What::Css(selector), "eq" | "get", Some(at)) if at.parse::<usize>().is_ok() => {
                plain(part, What::CssAt(selector.clone(), at.parse().unwrap_or_default()))
            }
            (What::Css(_) | What::Html, "each" | "map" | "filter" | "not" | "children", _)
            | (What::Html | What::Whole, "serialize" | "submitForm" | "clickLink", _) => {
                if matches!(name, "submitForm" | "clickLink") {
                    self.todo("make the request that the page says", span);
                } else {
                    self.drop(span, "what is done with these elements is not followed");
                }
                Value::Unknown(Rc::from(self.words(span)))
            }
            (What::CssAt(selector, at), "text" | "html" | "textContent" | "innerHTML", _) => {
                plain(part, What::CssOf(selector.clone(), *at, None))
            }
            (What::CssAt(selector, at), "attr" | "getAttribute", Some(attribute)) => {
                plain(part, What::CssOf(selector.clone(), *at, Some(attribute)))
            }
            (What::CssAt(selector, at), "val" | "value", _) => {
                plain(part, What::CssOf(selector.clone(), *at, Some("value".to_owned())))
            }
            (What::CssAt(selector, 0), "find", Some(inner)) => {
                plain(part, What::Css(format!("{selector} {inner}")))
            }
            (What::Css(selector), "text" | "html", _) => {
                plain(part, What::CssText(selector.clone()))
            }
            (What::Css(selector), "attr" | "getAttribute", Some(attribute)) => {
                plain(part, What::CssAttribute(selector.clone(), attribute))
            }
            (What::Css(selector), "val", _) => {
                plain(part, What::CssAttribute(selector.clone(), "value".to_owned()))
            }
            (What::Css(selector), "size", _) => plain(part, What::CssCount(selector.clone())),
            (
                What::Body
                | What::Header(_)
                | What::Json(_)
                | What::CssText(_)
                | What::Found(_)
                | What::One(..)
                | What::Item(_),
                "includes" | "contains",
                _,
            )
            | (What::Body, "indexOf", _) => {
                let what = arguments.first().cloned().unwrap_or(Value::Undefined);
                Value::test(Test::Contains(Value::Reply(Rc::new(part.clone())), what))
            }
            (
                What::Body | What::Header(_) | What::Json(_) | What::Item(_),
                "startsWith",
                Some(text),
            ) => {
                let pattern = format!("^{}", regex::escape(&text));
                Value::test(Test::Matches(Value::Reply(Rc::new(part.clone())), Rc::from(pattern)))
            }
            (
                What::Body | What::Header(_) | What::Json(_) | What::Item(_),
                "endsWith",
                Some(text),
            ) => {
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
            (_, "toString" | "valueOf", _) => Value::Reply(Rc::new(part.clone())),
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
            What::Found(query) => {
                (json!({"path": query, "match": -1, "default": []}), word_of(query))
            }
            What::Shaped(path) => {
                (json!({"from": "jmespath", "path": path, "default": []}), "list".to_owned())
            }
            What::One(query, number) => (one_of(query, *number), word_of(query)),
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
            What::CssOf(selector, at, attribute) => {
                let mut entry = json!({"from": "css", "selector": selector, "match": at + 1});
                if let (Some(members), Some(attribute)) = (entry.as_object_mut(), attribute) {
                    members.insert("attribute".to_owned(), json!(attribute));
                }
                (entry, attribute.clone().unwrap_or_else(|| "text".to_owned()))
            }
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
        if known.task.user == Some(super::redis::USER)
            && part.what == What::Body
            && let Some(members) = entry.as_object_mut()
        {
            // What is not there is no payload.
            members.insert("default".to_owned(), json!(""));
        }
        let variable = self.fresh(part.hint.as_deref().unwrap_or(&wanted));
        if let Some(members) = entry.as_object_mut() {
            members.shift_insert(0, "var".to_owned(), json!(variable));
        }
        let is_in_loop = self.requests.get(part.request)?.is_in_loop;
        if is_in_loop && !matches!(part.what, What::Status | What::Body) {
            without_value(&mut entry);
        }
        for request in self.alike(part.request) {
            self.takes(request, &part.what, &variable, &entry, span);
        }
        Some(variable)
    }

    /// Extracts a part from the reply to a request.
    fn takes(&mut self, request: usize, what: &What, variable: &str, entry: &Json, span: Span) {
        if *what == What::Status {
            self.takes_any_status(request, span);
        }
        let Some(sent) = self.requests.get_mut(request) else { return };
        sent.task.extract.push(entry.clone());
        sent.variables.push((what.clone(), variable.to_owned()));
    }

    /// What a condition asks of replies is nothing when they do not have it.
    pub(super) fn may_be_missing(&mut self, code: &Code) {
        match code {
            Code::Name(name) => {
                for sent in &mut self.requests {
                    let of = |(what, known): &(What, String)| {
                        known == name && !matches!(what, What::Status | What::Body)
                    };
                    if !sent.variables.iter().any(of) {
                        continue;
                    }
                    let entries = sent.task.extract.iter_mut();
                    entries
                        .filter(|entry| entry.get("var") == Some(&json!(name)))
                        .for_each(without_value);
                }
            }
            Code::Const(_) => {}
            Code::Call(_, parts) | Code::Concat(parts) => {
                parts.iter().for_each(|part| self.may_be_missing(part));
            }
            Code::Op(_, left, right) => {
                self.may_be_missing(left);
                self.may_be_missing(right);
            }
            Code::Not(inner) => self.may_be_missing(inner),
        }
    }

    /// A request, and those whose replies stand where its reply stood.
    pub(super) fn alike(&self, request: usize) -> Vec<usize> {
        let mut all = vec![request];
        let mut at = 0;
        while let Some(sent) = all.get(at).and_then(|&number| self.requests.get(number)) {
            let more: Vec<usize> =
                sent.others.iter().copied().filter(|number| !all.contains(number)).collect();
            all.extend(more);
            at += 1;
        }
        all
    }

    /// One of two replies, by what the plan decides: what is asked of it is taken from each.
    pub(super) fn joined_replies(
        &mut self,
        one: &Value<'a>,
        other: &Value<'a>,
        span: Span,
    ) -> Option<Value<'a>> {
        let (Value::Reply(first), Value::Reply(second)) = (one, other) else { return None };
        if first.what != What::Whole || second.what != What::Whole {
            return None;
        }
        let (first, second) = (first.request, second.request);
        if self.alike(first).contains(&second) {
            return Some(one.clone());
        }
        let known = self.requests.get(first)?.clone();
        self.requests.get_mut(first)?.others.push(second);
        for (what, variable) in known.variables {
            let of = |entry: &&Json| entry.get("var").and_then(Json::as_str) == Some(&variable);
            if let Some(entry) = known.task.extract.iter().find(of) {
                self.takes(second, &what, &variable, entry, span);
            }
        }
        Some(one.clone())
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
            What::FoundCount(query) => What::Found(query.clone()),
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

/// A variable without a value where there is none, rather than the value before.
fn without_value(entry: &mut Json) {
    if let Some(members) = entry.as_object_mut() {
        members.entry("default").or_insert(Json::Null);
    }
}

/// What takes the one of this number among all that a query finds. A whole item may be missing, which
/// the script asks for.
fn one_of(query: &str, number: usize) -> Json {
    let mut entry = json!({"path": query});
    if let Some(members) = entry.as_object_mut() {
        if number > 1 {
            members.insert("match".to_owned(), json!(number));
        }
        if query.ends_with(']') {
            members.insert("default".to_owned(), Json::Null);
        }
    }
    entry
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
