//! Comparisons with parts of the reply as assertions.

use regex::Regex;
use serde_json::{Value as Json, json};

use super::value::{Part, Segment, path};

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Op {
    const fn name(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Lt => "lt",
            Self::Le => "le",
            Self::Gt => "gt",
            Self::Ge => "ge",
        }
    }

    /// As expressions and JSONPath write it.
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        }
    }

    pub(super) fn holds(self, left: f64, right: f64) -> bool {
        match left.partial_cmp(&right) {
            Some(order) => match self {
                Self::Eq => order.is_eq(),
                Self::Ne => order.is_ne(),
                Self::Lt => order.is_lt(),
                Self::Le => order.is_le(),
                Self::Gt => order.is_gt(),
                Self::Ge => order.is_ge(),
            },
            None => self == Self::Ne,
        }
    }

    pub(super) const fn negated(self) -> Self {
        match self {
            Self::Eq => Self::Ne,
            Self::Ne => Self::Eq,
            Self::Lt => Self::Ge,
            Self::Le => Self::Gt,
            Self::Gt => Self::Le,
            Self::Ge => Self::Lt,
        }
    }

    /// The same with the two sides changed over.
    pub(super) const fn mirrored(self) -> Self {
        match self {
            Self::Lt => Self::Gt,
            Self::Le => Self::Ge,
            Self::Gt => Self::Lt,
            Self::Ge => Self::Le,
            other => other,
        }
    }
}

/// A part of each item of a list in the reply: the list, and the part as a filter names it.
fn of_each(part: &Part) -> Option<(&[Segment], String)> {
    let Part::Json(segments) = part else { return None };
    let at = segments.iter().rposition(|segment| *segment == Segment::Each)?;
    let (list, inner) = (segments.get(..at)?, segments.get(at + 1..)?);
    let path = path(&[&[Segment::Name("a.b".to_owned())], inner].concat());
    Some((list, format!("@{}", path.strip_prefix("$['a.b']")?)))
}

/// How many items of a list there are for which a filter holds.
fn count(list: &[Segment], filter: &str, op: Op) -> Json {
    let path = path(&[list, &[Segment::Where(filter.to_owned())]].concat());
    with_op(json!({"type": "json_path", "path": path}), op, "count", &json!(0))
}

/// The opposite of a filter of JSONPath.
pub(super) fn not(filter: &str) -> String {
    match filter.chars().all(|char| char.is_ascii_alphanumeric() || "@._".contains(char)) {
        true => format!("!{filter}"),
        false => format!("!({filter})"),
    }
}

/// A value as JSONPath writes it; nothing for lists and objects.
pub(super) fn literal(value: &Json) -> Option<String> {
    match value {
        Json::String(text) if text.contains(['{', '\\', '\'']) => None,
        Json::String(text) => Some(format!("'{text}'")),
        Json::Array(_) | Json::Object(_) => None,
        value => Some(value.to_string()),
    }
}

/// What a part of the reply is compared by.
fn subject(part: &Part) -> Option<Json> {
    Some(match part {
        Part::Status => json!({"type": "status_code"}),
        Part::Time => json!({"type": "latency"}),
        Part::Size => json!({"type": "size"}),
        Part::Json(_) if of_each(part).is_some() => return None,
        Part::Json(segments) => json!({"type": "json_path", "path": path(segments)}),
        Part::Header(name) => json!({"type": "header", "name": name}),
        _ => return None,
    })
}

fn with(mut assertion: Json, entries: &[(&str, Json)]) -> Json {
    if let Some(members) = assertion.as_object_mut() {
        for (key, value) in entries {
            members.insert((*key).to_owned(), value.clone());
        }
    }
    assertion
}

fn with_op(assertion: Json, op: Op, key: &str, value: &Json) -> Json {
    if op == Op::Eq && assertion.get("type") != Some(&json!("latency")) {
        with(assertion, &[(key, value.clone())])
    } else {
        with(assertion, &[("op", json!(op.name())), (key, value.clone())])
    }
}

/// That a part compares with a known value.
pub(super) fn compare(part: &Part, op: Op, value: &Json) -> Option<Json> {
    if let Some((list, inner)) = of_each(part) {
        let filter = not(&format!("{inner} {} {}", op.sign(), literal(value)?));
        return Some(count(list, &filter, Op::Eq));
    }
    match part {
        // They are known before the run.
        Part::Time | Part::Size if !value.is_number() => None,
        Part::Reason => {
            let words = value.as_str()?;
            let status = REASONS.iter().find(|(_, known)| known.eq_ignore_ascii_case(words))?.0;
            Some(with_op(json!({"type": "status_code"}), op, "value", &json!(status)))
        }
        Part::Length(segments) => {
            let count = value.as_u64()?;
            let at = if segments.is_empty() { "$".to_owned() } else { path(segments) };
            let subject = json!({"type": "json_path", "path": at});
            Some(with_op(subject, op, "count", &json!(count)))
        }
        Part::Type(segments) => {
            let name = value.as_str()?;
            if name == "undefined" {
                return exists(&Part::Json(segments.clone()), op != Op::Eq);
            }
            kind(&Part::Json(segments.clone()), name, op == Op::Ne)
        }
        Part::Body => {
            let text = regex::escape(value.as_str()?);
            matches(part, &format!("\\A{text}\\z"), op == Op::Ne)
        }
        Part::Header(_) if value.is_null() => exists(part, op == Op::Ne),
        Part::Header(_) => {
            let text = json!(value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            Some(with_op(subject(part)?, op, "value", &text))
        }
        _ => Some(with_op(subject(part)?, op, "value", value)),
    }
}

/// That a part is one of a list.
pub(super) fn one_of(part: &Part, list: &Json, not: bool) -> Option<Json> {
    if not || !list.is_array() {
        return None;
    }
    Some(with(subject(part)?, &[("op", json!("in")), ("value", list.clone())]))
}

/// That a text occurs in a part.
pub(super) fn contains(part: &Part, text: &Json, not: bool) -> Option<Json> {
    if let Some((list, inner)) = of_each(part) {
        let filter = format!("{inner} == {}", literal(text)?);
        return Some(count(list, &filter, if not { Op::Eq } else { Op::Gt }));
    }
    let text = text.as_str().map_or_else(|| text.to_string(), str::to_owned);
    match part {
        Part::Body => {
            let kind = if not { "not_contains" } else { "contains" };
            Some(json!({"type": kind, "value": text}))
        }
        _ if not => None,
        Part::Json(_) | Part::Header(_) => matches(part, &regex::escape(&text), false),
        _ => None,
    }
}

/// That a pattern matches somewhere in a part; nothing for patterns that cannot be used here.
pub(super) fn matches(part: &Part, pattern: &str, not: bool) -> Option<Json> {
    Regex::new(pattern).ok()?;
    match part {
        Part::Body if not => Some(json!({"type": "regex", "pattern": pattern, "exists": false})),
        Part::Body => Some(json!({"type": "regex", "pattern": pattern})),
        _ if not => None,
        _ => Some(with(subject(part)?, &[("op", json!("matches")), ("value", json!(pattern))])),
    }
}

/// That a part is there, or is not.
pub(super) fn exists(part: &Part, is_there: bool) -> Option<Json> {
    if let Some((list, inner)) = of_each(part) {
        return Some(count(list, &if is_there { not(&inner) } else { inner }, Op::Eq));
    }
    match part {
        Part::Header(_) | Part::Json(_) => {
            Some(with(subject(part)?, &[("exists", json!(is_there))]))
        }
        Part::Length(segments) => {
            let op = if is_there { Op::Gt } else { Op::Eq };
            compare(&Part::Length(segments.clone()), op, &json!(0))
        }
        Part::Body if is_there => Some(json!({"type": "size", "op": "gt", "value": 0})),
        Part::Body => Some(json!({"type": "size", "value": 0})),
        _ => None,
    }
}

/// That a part is of a type of JavaScript or chai.
pub(super) fn kind(part: &Part, name: &str, not: bool) -> Option<Json> {
    let Part::Json(_) = part else { return None };
    if not {
        return None;
    }
    let name = match name.to_ascii_lowercase().as_str() {
        "string" => "string",
        "number" | "integer" => "number",
        "boolean" => "boolean",
        "array" => "array",
        "object" => "object",
        "null" => return compare(part, Op::Eq, &Json::Null),
        "undefined" => return exists(part, false),
        _ => return None,
    };
    Some(with(subject(part)?, &[("value_type", json!(name))]))
}

/// The opposite of an assertion.
pub(super) fn negate(assertion: &Json) -> Option<Json> {
    let mut negated = assertion.clone();
    let members = negated.as_object_mut()?;
    if let Some(Json::Bool(exists)) = members.get_mut("exists") {
        *exists = !*exists;
        return Some(negated);
    }
    match members.get("type")?.as_str()? {
        "contains" => {
            members.insert("type".to_owned(), json!("not_contains"));
            return Some(negated);
        }
        "not_contains" => {
            members.insert("type".to_owned(), json!("contains"));
            return Some(negated);
        }
        "regex" => {
            members.insert("exists".to_owned(), json!(false));
            return Some(negated);
        }
        _ => {}
    }
    if members.contains_key("value_type") || members.contains_key("schema") {
        return None;
    }
    let op = match members.get("op").and_then(Json::as_str) {
        None => Op::Eq,
        Some("ne") => Op::Ne,
        Some("lt") => Op::Lt,
        Some("le") => Op::Le,
        Some("gt") => Op::Gt,
        Some("ge") => Op::Ge,
        Some(_) => return None,
    };
    members.insert("op".to_owned(), json!(op.negated().name()));
    Some(negated)
}

/// That the value at a path is true as JavaScript sees it, as near as that can be said.
pub(super) fn truthy(segments: &[Segment]) -> Json {
    json!({"type": "json_path", "path": path(segments), "exists": true})
}

/// Words behind a status (RFC 9110 §15).
const REASONS: &[(u16, &str)] = &[
    (200, "OK"),
    (201, "Created"),
    (202, "Accepted"),
    (204, "No Content"),
    (206, "Partial Content"),
    (301, "Moved Permanently"),
    (302, "Found"),
    (303, "See Other"),
    (304, "Not Modified"),
    (307, "Temporary Redirect"),
    (308, "Permanent Redirect"),
    (400, "Bad Request"),
    (401, "Unauthorized"),
    (402, "Payment Required"),
    (403, "Forbidden"),
    (404, "Not Found"),
    (405, "Method Not Allowed"),
    (406, "Not Acceptable"),
    (409, "Conflict"),
    (410, "Gone"),
    (415, "Unsupported Media Type"),
    (422, "Unprocessable Entity"),
    (429, "Too Many Requests"),
    (500, "Internal Server Error"),
    (501, "Not Implemented"),
    (502, "Bad Gateway"),
    (503, "Service Unavailable"),
    (504, "Gateway Timeout"),
];
