//! The values of a request, each under the name that it stands under.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::draft::Task;
use crate::passes::filter::is_static;

/// What kind of place a value stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A segment of the path; its name is the segment before.
    Path,
    /// Anything that has a name.
    Named,
    /// A number in JSON.
    Number,
    /// Where the request says it comes from; it follows what others do.
    Follows,
}

/// Headers whose values servers do not give.
const OTHERS: &[&str] = &[
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "host",
    "origin",
    "pragma",
    "range",
    "te",
    "user-agent",
];

/// Shows `visit` each value and puts what it returns in the value's place.
pub(super) fn walk(task: &mut Task, visit: &mut impl FnMut(Kind, &str, &str) -> Option<String>) {
    if !is_static(&task.url) {
        url(&mut task.url, None, visit);
    }
    for (name, value) in &mut task.headers {
        let small = name.to_ascii_lowercase();
        if small == "referer" {
            url(value, Some(Kind::Follows), visit);
        } else if !OTHERS.contains(&small.as_str()) {
            // A scheme may stand before the value.
            let (scheme, token) = value.rsplit_once(' ').unwrap_or(("", value));
            if !scheme.contains(' ')
                && let Some(other) = visit(Kind::Named, name, token)
            {
                let between = if scheme.is_empty() { "" } else { " " };
                *value = format!("{scheme}{between}{other}");
            }
        }
    }
    for (key, value) in &mut task.fields {
        match (key.as_str(), value) {
            ("json", value) => json("", value, visit),
            ("data", Value::Object(form)) => {
                for (name, value) in form {
                    field(name, value, visit);
                }
            }
            ("data", Value::String(text)) => body(text, visit),
            ("files", Value::Array(parts)) => {
                for part in parts {
                    let name = part.get("field").and_then(Value::as_str).unwrap_or_default();
                    let name = name.to_owned();
                    if let Some(content) = part.get_mut("content") {
                        field(&name, content, visit);
                    }
                }
            }
            _ => {}
        }
    }
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

/// A placeholder where text is percent-encoded: as it is if the value there needs no encoding.
fn encoded(placeholder: String, written: &str, value: &str) -> String {
    if written == value { placeholder } else { format!("${{url_encode({placeholder})}}") }
}

fn url(
    url: &mut String,
    as_kind: Option<Kind>,
    visit: &mut impl FnMut(Kind, &str, &str) -> Option<String>,
) {
    let path_at = match url.find("://") {
        Some(at) => {
            let rest = url.get(at + 3..).unwrap_or_default();
            at + 3 + rest.find(['/', '?']).unwrap_or(rest.len())
        }
        None => 0,
    };
    let (origin, rest) = url.split_at(path_at);
    let (path, query) = match rest.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (rest, None),
    };
    let mut changed = false;
    let mut written = origin.to_owned();
    let mut before = Cow::Borrowed("");
    for (number, segment) in path.split('/').enumerate() {
        if number > 0 {
            written.push('/');
        }
        let value = decoded(segment);
        match visit(as_kind.unwrap_or(Kind::Path), &before, &value) {
            Some(other) => {
                changed = true;
                written.push_str(&encoded(other, segment, &value));
            }
            None => written.push_str(segment),
        }
        before = value;
    }
    if let Some(query) = query {
        written.push('?');
        changed |= pairs(query, &mut written, as_kind.unwrap_or(Kind::Named), visit);
    }
    if changed {
        *url = written;
    }
}

/// Writes the pairs of a query or form; whether any was changed.
fn pairs(
    text: &str,
    written: &mut String,
    kind: Kind,
    visit: &mut impl FnMut(Kind, &str, &str) -> Option<String>,
) -> bool {
    let mut changed = false;
    for (number, pair) in text.split('&').enumerate() {
        if number > 0 {
            written.push('&');
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let spaced = value.replace('+', " ");
        let plain = decoded(&spaced);
        match visit(kind, &decoded(name), &plain) {
            Some(other) => {
                changed = true;
                written.extend([name, "=", &encoded(other, value, &plain)]);
            }
            None => written.push_str(pair),
        }
    }
    changed
}

fn field(
    name: &str,
    value: &mut Value,
    visit: &mut impl FnMut(Kind, &str, &str) -> Option<String>,
) {
    match value {
        Value::String(text) => {
            if let Some(other) = visit(Kind::Named, name, text) {
                *text = other;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| field(name, item, visit)),
        _ => {}
    }
}

fn json(name: &str, value: &mut Value, visit: &mut impl FnMut(Kind, &str, &str) -> Option<String>) {
    match value {
        Value::Object(members) => {
            members.iter_mut().for_each(|(name, value)| json(name, value, visit));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| json(name, item, visit)),
        Value::Number(number) => {
            if let Some(other) = visit(Kind::Number, name, &number.to_string()) {
                *value = Value::String(other);
            }
        }
        Value::String(_) => field(name, value, visit),
        Value::Null | Value::Bool(_) => {}
    }
}

/// Characters of tokens in texts of unknown form.
fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~+/=".contains(&byte)
}

/// A body of text: a form, or words of which any may be such a value.
fn body(text: &mut String, visit: &mut impl FnMut(Kind, &str, &str) -> Option<String>) {
    let mut written = String::new();
    let is_form = text.contains('=') && !text.contains(['{', '<', '\n', ' ']);
    if is_form {
        if pairs(text, &mut written, Kind::Named, visit) {
            *text = written;
        }
        return;
    }
    let (mut copied, mut at) = (0, 0);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        let length = rest.iter().position(|byte| !is_of_token(*byte)).unwrap_or(rest.len());
        let token = text.get(at..at + length).unwrap_or_default();
        if length >= 8
            && let Some(other) = visit(Kind::Named, "", token)
        {
            written.push_str(text.get(copied..at).unwrap_or_default());
            written.push_str(&other);
            copied = at + length;
        }
        at += length + 1;
    }
    if copied > 0 {
        written.push_str(text.get(copied..).unwrap_or_default());
        *text = written;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_value_is_shown_with_its_name_and_replaced_as_its_place_needs() {
        let mut task = Task {
            url: "https://a.example/orders/17?t=a%2Fb&n=1".to_owned(),
            headers: vec![
                ("Authorization".to_owned(), "Bearer tok".to_owned()),
                ("Referer".to_owned(), "https://a.example/orders/17".to_owned()),
                ("Accept".to_owned(), "a/b".to_owned()),
            ],
            ..Task::default()
        };
        task.fields.insert("json".to_owned(), json!({"order": {"id": 17}, "x": ["a/b", null]}));
        let mut seen = Vec::new();
        walk(&mut task, &mut |kind, name, value| {
            seen.push(format!("{kind:?} {name}={value}"));
            match value {
                "17" => Some("${id}".to_owned()),
                "a/b" => Some("${t}".to_owned()),
                "tok" => Some("${tok}".to_owned()),
                _ => None,
            }
        });
        assert_eq!(task.url, "https://a.example/orders/${id}?t=${url_encode(${t})}&n=1");
        let values: Vec<&str> = task.headers.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, ["Bearer ${tok}", "https://a.example/orders/${id}", "a/b"]);
        let expected = json!({"order": {"id": "${id}"}, "x": ["${t}", null]});
        assert_eq!(task.fields.get("json"), Some(&expected));
        for expected in ["Path orders=17", "Named t=a/b", "Number id=17", "Follows orders=17"] {
            assert!(seen.iter().any(|line| line == expected), "{expected}: {seen:?}");
        }
    }

    #[test]
    fn words_of_other_bodies_are_values() {
        let mut task = Task::default();
        task.fields.insert("data".to_owned(), json!("<a><s>abc123def456</s>é</a>"));
        walk(&mut task, &mut |_, _, value| (value == "abc123def456").then(|| "${s}".to_owned()));
        assert_eq!(task.fields.get("data"), Some(&json!("<a><s>${s}</s>é</a>")));
    }
}
