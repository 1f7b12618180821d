//! `check`: conditions on a reply become assertions of its request. A check that does not hold
//! fails no request, so they are soft.

use std::rc::Rc;

use oxc_span::Span;
use serde_json::{Map, Value as Json, json};

use super::machine::Machine;
use super::operators::turned;
use super::value::{Part, Test, Value, What};

/// An assertion, and the request whose reply it is about.
type Found = (usize, Json);

impl<'a> Machine<'a, '_> {
    /// `check(value, {name: function})`; what it gives is whether all of them hold.
    pub(super) fn check(&mut self, arguments: &[Value<'a>], span: Span) -> Value<'a> {
        let subject = arguments.first().cloned().unwrap_or(Value::Undefined);
        let mut all = Vec::new();
        for (name, condition) in arguments.get(1).map(Value::members).unwrap_or_default() {
            let condition = match &condition {
                Value::Function(_) => self.call(&condition, vec![subject.clone()], span),
                other => other.clone(),
            };
            if condition.truth() == Some(true) {
                self.notes.keep();
                continue;
            }
            let mut found = Vec::new();
            let place = self.place(span);
            if self.assertions(&condition, true, &mut found) && !found.is_empty() {
                for (request, mut assertion) in found {
                    if let Some(members) = assertion.as_object_mut() {
                        members.insert("soft".to_owned(), json!(true));
                    }
                    for request in self.alike(request) {
                        if let Some(sent) = self.requests.get_mut(request)
                            && !sent.task.assertions.contains(&assertion)
                        {
                            sent.task.assertions.push(assertion.clone());
                        }
                    }
                }
                self.notes.keep();
            } else {
                let why = "this check cannot be said by an assertion";
                self.notes.drop(&place, &format!("check `{name}`"), why);
            }
            all.push(condition);
        }
        match all.len() {
            0 => Value::Bool(true),
            1 => all.pop().unwrap_or(Value::Undefined),
            _ => Value::test(Test::All(all)),
        }
    }

    /// The assertions that a condition is; `false` when it is none.
    fn assertions(&mut self, condition: &Value<'a>, holds: bool, found: &mut Vec<Found>) -> bool {
        let test = match condition {
            Value::Reply(part) => return truthy(part, holds, found),
            Value::Test(test) => test,
            _ => return false,
        };
        match &**test {
            Test::All(parts) if holds => parts
                .iter()
                .all(|part| part.truth() == Some(true) || self.assertions(part, true, found)),
            Test::Any(parts) if !holds => {
                parts.iter().all(|part| self.assertions(part, false, found))
            }
            Test::Any(parts) => self.one_of(parts, found),
            Test::All(_) => false,
            Test::Not(inner) => self.assertions(inner, !holds, found),
            Test::Compare(op, left, right) => {
                let op = if holds { op } else { opposite(op) };
                match (left, right) {
                    (Value::Reply(part), value) => self.comparison(part, op, value, found),
                    (value, Value::Reply(part)) => self.comparison(part, turned(op), value, found),
                    // `!!x === true`, `x.includes(…) == true`
                    (test @ Value::Test(_), Value::Bool(wanted)) if matches!(op, "==" | "!=") => {
                        self.assertions(test, *wanted == (op == "=="), found)
                    }
                    // `body.indexOf(…) !== -1`, `> -1`, `>= 0`
                    (test @ Value::Test(_), Value::Number(number)) => match (op, *number) {
                        ("!=" | ">", -1.0) | (">=", 0.0) => self.assertions(test, true, found),
                        ("==", -1.0) | ("<", 0.0) => self.assertions(test, false, found),
                        _ => false,
                    },
                    _ => false,
                }
            }
            Test::Contains(Value::Reply(part), text) => self.containment(part, text, holds, found),
            // `[200, 201].includes(r.status)`
            Test::Contains(list, Value::Reply(part)) if holds => match list.to_json() {
                Some(list @ Json::Array(_)) => push_comparison(part, "in", &list, found),
                _ => false,
            },
            Test::Contains(..) => false,
            Test::Matches(Value::Reply(part), pattern) => match (&part.what, holds) {
                (What::Body, true) => add(part, "regex", [("pattern", json!(&**pattern))], found),
                (What::Body, false) => {
                    let fields = [("pattern", json!(&**pattern)), ("exists", json!(false))];
                    add(part, "regex", fields, found)
                }
                (_, true) => push_comparison(part, "matches", &json!(&**pattern), found),
                _ => false,
            },
            Test::Is(Value::Reply(part), kind) if holds => match &part.what {
                What::Json(path) => add(
                    part,
                    "json_path",
                    [("path", json!(path)), ("value_type", json!(kind))],
                    found,
                ),
                _ => false,
            },
            _ => false,
        }
    }

    /// One of several: of the same part, each with a value of its own.
    fn one_of(&self, parts: &[Value<'a>], found: &mut Vec<Found>) -> bool {
        let mut of: Option<Rc<Part>> = None;
        let mut values = Vec::new();
        for part in parts {
            let Value::Test(test) = part else { return false };
            let Test::Compare("==", Value::Reply(part), value) = &**test else { return false };
            let Some(value) = value.to_json() else { return false };
            if of.as_ref().is_some_and(|of| of.what != part.what || of.request != part.request) {
                return false;
            }
            of = Some(Rc::clone(part));
            values.push(value);
        }
        of.is_some_and(|part| push_comparison(&part, "in", &json!(values), found))
    }

    fn comparison(
        &mut self,
        part: &Part,
        op: &str,
        value: &Value<'a>,
        found: &mut Vec<Found>,
    ) -> bool {
        let nothing = matches!(value, Value::Undefined | Value::Null);
        let empty = matches!(value, Value::Text(text) if text.is_empty());
        match (&part.what, op) {
            (What::Regex(pattern), "!=" | "==") if nothing => {
                let fields = [("pattern", json!(&**pattern)), ("exists", json!(op == "!="))];
                return add(part, "regex", fields, found);
            }
            (What::Json(_) | What::Header(_) | What::CssText(_) | What::CssAttribute(..), "!=")
                if nothing =>
            {
                return truthy(part, true, found);
            }
            (What::Header(_), "==") if nothing => return truthy(part, false, found),
            (What::Cookie(_) | What::CookieOf(_), "!=") if nothing || empty => {
                return truthy(part, true, found);
            }
            (What::Body, "!=") if nothing || empty => return truthy(part, true, found),
            (What::Whole | What::Other(_), _) if nothing => return false,
            _ => {}
        }
        let value = match value.to_json() {
            Some(value) => super::machine::escaped(&value),
            None => match self.code(value, Span::default()).and_then(|code| code.template()) {
                Some(template) => json!(template),
                None => return false,
            },
        };
        let op = match op {
            "==" => "eq",
            "!=" => "ne",
            "<" => "lt",
            "<=" => "le",
            ">" => "gt",
            _ => "ge",
        };
        push_comparison(part, op, &value, found)
    }

    fn containment(
        &self,
        part: &Part,
        text: &Value<'a>,
        holds: bool,
        found: &mut Vec<Found>,
    ) -> bool {
        let text = match text {
            Value::Live(code) => code.template(),
            other => other.to_text().map(|text| super::code::literal(&text)),
        };
        let Some(text) = text else { return false };
        match (&part.what, holds) {
            (What::Body, true) => add(part, "contains", [("value", json!(text))], found),
            (What::Body, false) => add(part, "not_contains", [("value", json!(text))], found),
            (_, true) => push_comparison(part, "matches", &json!(regex::escape(&text)), found),
            _ => false,
        }
    }
}

fn opposite(op: &str) -> &'static str {
    match op {
        "==" => "!=",
        "!=" => "==",
        "<" => ">=",
        "<=" => ">",
        ">" => "<=",
        _ => "<",
    }
}

/// That a part is there, or is not.
fn truthy(part: &Part, holds: bool, found: &mut Vec<Found>) -> bool {
    match &part.what {
        What::Status => push_comparison(part, if holds { "gt" } else { "eq" }, &json!(0), found),
        What::Body if holds => add(part, "size", [("op", json!("gt")), ("value", json!(0))], found),
        What::Json(path) | What::One(path, 1) => {
            let op = if holds { "ne" } else { "eq" };
            let fields = [("path", json!(path)), ("op", json!(op)), ("value", Json::Null)];
            add(part, "json_path", fields, found)
        }
        What::Header(name) => {
            add(part, "header", [("name", json!(name)), ("exists", json!(holds))], found)
        }
        What::Count(path) | What::FoundCount(path) => {
            let op = if holds { "gt" } else { "eq" };
            let fields = [("path", json!(path)), ("op", json!(op)), ("count", json!(0))];
            add(part, "json_path", fields, found)
        }
        What::CssText(selector) | What::Css(selector) => {
            add(part, "css", [("selector", json!(selector)), ("exists", json!(holds))], found)
        }
        What::CookieOf(name) | What::Cookie(name) if holds => {
            let pattern = format!("(^|[,;]\\s*){}=", regex::escape(name));
            let fields = [
                ("name", json!("Set-Cookie")),
                ("op", json!("matches")),
                ("value", json!(pattern)),
            ];
            add(part, "header", fields, found)
        }
        What::Regex(pattern) => {
            add(part, "regex", [("pattern", json!(pattern)), ("exists", json!(holds))], found)
        }
        _ => false,
    }
}

fn push_comparison(part: &Part, op: &str, value: &Json, found: &mut Vec<Found>) -> bool {
    let mut fields: Vec<(&str, Json)> = Vec::new();
    let mut value_key = "value";
    let kind = match &part.what {
        What::Status => "status_code",
        What::Duration => "latency",
        What::Size => "size",
        What::Json(path) | What::One(path, 1) => {
            fields.push(("path", json!(path)));
            "json_path"
        }
        What::Count(path) | What::FoundCount(path) => {
            fields.push(("path", json!(path)));
            value_key = "count";
            "json_path"
        }
        What::Header(name) => {
            fields.push(("name", json!(name)));
            "header"
        }
        What::CssText(selector) => {
            fields.push(("selector", json!(selector)));
            "css"
        }
        What::CssAttribute(selector, attribute) => {
            fields.extend([("selector", json!(selector)), ("attribute", json!(attribute))]);
            "css"
        }
        What::CssCount(selector) => {
            fields.push(("selector", json!(selector)));
            value_key = "count";
            "css"
        }
        What::Type(path) if op == "eq" => {
            fields.push(("path", json!(path)));
            value_key = "value_type";
            "json_path"
        }
        What::Body if op == "eq" => {
            let text = value.as_str().unwrap_or_default();
            fields.push(("pattern", json!(format!("^{}$", regex::escape(text)))));
            return add(part, "regex", fields, found);
        }
        _ => return false,
    };
    // The time limit of `latency` is a most by default.
    if op != "eq" || kind == "latency" {
        fields.push(("op", json!(op)));
    }
    fields.push((value_key, value.clone()));
    add(part, kind, fields, found)
}

fn add<'f>(
    part: &Part,
    kind: &str,
    fields: impl IntoIterator<Item = (&'f str, Json)>,
    found: &mut Vec<Found>,
) -> bool {
    let mut assertion = Map::new();
    assertion.insert("type".to_owned(), json!(kind));
    for (name, value) in fields {
        assertion.insert(name.to_owned(), value);
    }
    found.push((part.request, Json::Object(assertion)));
    true
}
