//! The values of a request, each under the name that it stands under.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::worth::{self, Worth};
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
    let decoded =
        placeholder.strip_prefix("${url_decode(").and_then(|rest| rest.strip_suffix(")}"));
    match decoded {
        _ if written == value => placeholder,
        // The variable has it as a URL has it.
        Some(variable) => variable.to_owned(),
        None => format!("${{url_encode({placeholder})}}"),
    }
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
        let mut pieces = segment.split(';');
        let segment = pieces.next().unwrap_or_default();
        let value = decoded(segment);
        match visit(as_kind.unwrap_or(Kind::Path), &before, &value) {
            Some(other) => {
                changed = true;
                written.push_str(&encoded(other, segment, &value));
            }
            None => written.push_str(segment),
        }
        // Such as `;jsessionid=…`.
        for piece in pieces {
            written.push(';');
            changed |= pairs(piece, &mut written, as_kind.unwrap_or(Kind::Named), visit);
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
            None => match within(value, &plain, &decoded(name), visit) {
                Some(other) => {
                    changed = true;
                    written.extend([name, "=", &other]);
                }
                None => written.push_str(pair),
            },
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
            // JSON or a URL in a text may have it inside.
            if let Some(other) =
                visit(Kind::Named, name, text).or_else(|| within(text, text, name, visit))
            {
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
    byte.is_ascii_alphanumeric() || b"-_.~+/!".contains(&byte)
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
    if let Some(other) = words(text, visit) {
        *text = other;
    }
}

/// The same for what has been looked at as a whole already: nothing of what is a token itself.
fn within(
    text: &str,
    value: &str,
    name: &str,
    visit: &mut impl FnMut(Kind, &str, &str) -> Option<String>,
) -> Option<String> {
    let is_one = end(text.as_bytes(), 0, true) >= text.len();
    let is_token =
        !value.contains(['{', '"', '<', '?', '&']) && worth::of(value, name) == Some(Worth::Strong);
    if is_one || is_token { None } else { words(text, visit) }
}

/// Shorter words are no values that a server gave.
const SHORTEST: usize = 8;
/// Longer runs are no paths and no pairs of names and values, in which one may stand.
const LONGEST_SPLIT: usize = 2048;

/// A text with the words in it that `visit` has something for replaced; none when there are none.
/// What is percent-encoded ends a word, unless it may belong to a token.
fn words(text: &str, visit: &mut impl FnMut(Kind, &str, &str) -> Option<String>) -> Option<String> {
    let bytes = text.as_bytes();
    let mut written = String::new();
    let (mut copied, mut at, mut tried) = (0, 0, 0);
    while at < bytes.len() {
        let part = end(bytes, at, false);
        // Of a longer run only the beginning is tried as a whole.
        let whole = if at >= tried { end(bytes, at, true) } else { part };
        tried = tried.max(whole);
        let mut stop = part;
        for end in [whole, part] {
            let Some(token) = text.get(at..end).filter(|token| token.len() >= SHORTEST) else {
                continue;
            };
            let plain = if end == part { Cow::Borrowed(token) } else { decoded(token) };
            if let Some(other) = visit(Kind::Named, "", &plain) {
                written.push_str(text.get(copied..at)?);
                written.push_str(&encoded(other, token, &plain));
                (copied, stop) = (end, end);
                break;
            }
            if !plain.starts_with('/') && worth::of(&plain, "") == Some(Worth::Strong) {
                // Parts of it would be found by chance.
                stop = end;
                break;
            }
            if end == part {
                let short = Some(token).filter(|run| run.len() <= LONGEST_SPLIT);
                let inner = short.and_then(|run| run.find('/'));
                stop = inner.map_or(end, |inner| at + inner);
                break;
            }
        }
        // What ended it.
        at = stop + if escape(bytes, stop).is_some() { 3 } else { 1 };
    }
    if copied == 0 {
        return None;
    }
    written.push_str(text.get(copied..)?);
    Some(written)
}

/// The end of a word from a place on, with what is percent-encoded in it or without.
fn end(bytes: &[u8], start: usize, with_escapes: bool) -> usize {
    let behind = |at: usize| match bytes.get(at) {
        Some(byte) if is_of_token(*byte) => Some(at + 1),
        _ if with_escapes => escape(bytes, at).filter(|byte| is_of_token(*byte)).map(|_| at + 3),
        _ => None,
    };
    let mut end = start;
    while let Some(next) = behind(end) {
        end = next;
    }
    // What fills it up belongs to it where nothing follows.
    let mut filled = end;
    loop {
        filled += match bytes.get(filled) {
            Some(b'=') => 1,
            _ if with_escapes && escape(bytes, filled) == Some(b'=') => 3,
            _ => break,
        };
    }
    if end > start && behind(filled).is_none() { filled } else { end }
}

/// The byte that is percent-encoded at a place.
fn escape(bytes: &[u8], at: usize) -> Option<u8> {
    let [b'%', high, low] = bytes.get(at..at + 3)? else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
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
    fn values_inside_of_others_are_found() {
        let token = "Ab3+x/9zQ7";
        let mut swap = |_: Kind, _: &str, value: &str| (value == token).then(|| "${t}".to_owned());
        let mut changed = |text: &str| words(text, &mut swap);
        for (text, expected) in [
            ("{\"t\": \"Ab3+x/9zQ7\"}", Some("{\"t\": \"${t}\"}")),
            (
                "https%3A%2F%2Fa%2Fb%3Ft%3DAb3+x/9zQ7%26u%3D1",
                Some("https%3A%2F%2Fa%2Fb%3Ft%3D${t}%26u%3D1"),
            ),
            ("https://a/b?t=Ab3+x/9zQ7&u", Some("https://a/b?t=${t}&u")),
            ("Ab3%2Bx%2F9zQ7&u", Some("${url_encode(${t})}&u")),
            ("Ab3+x/9zQ8", None),
            ("%%%2", None),
        ] {
            assert_eq!(changed(text).as_deref(), expected, "{text}");
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
