//! Bodies of requests as a plan says them best: JSON as `json`, forms as an object, other text as
//! text.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::draft::Task;
use crate::text;

/// The type of what a browser's form sends.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// Gives a task a body of text of a plan ([`text::literal`] of what a source has), in the form
/// that is read best and is sent as these bytes or, for JSON, as the same value.
pub(crate) fn set_text(task: &mut Task, text: &str) {
    let content_type = header(task, "content-type").unwrap_or_default().to_ascii_lowercase();
    let is_json = content_type.contains("json");
    if is_json && let Some(value) = faithful_json(text) {
        if header(task, "accept").is_none() {
            // The client would ask for JSON only.
            task.headers.push(("Accept".to_owned(), "*/*".to_owned()));
        }
        task.fields.insert("json".to_owned(), value);
    } else if content_type.split(';').next().map(str::trim) == Some(FORM)
        && let Some(form) = plain_form(text)
    {
        task.fields.insert("data".to_owned(), Value::Object(form));
    } else {
        task.fields.insert("data".to_owned(), Value::String(text.to_owned()));
    }
}

/// The first value of a task's header.
pub(crate) fn header<'t>(task: &'t Task, name: &str) -> Option<&'t str> {
    let line = task.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    line.map(|(_, value)| value.as_str())
}

/// Text as JSON, when what is written of it again differs in white space alone: numbers too
/// long for us, or members that come twice, would be lost otherwise.
pub(crate) fn faithful_json(text: &str) -> Option<Value> {
    // Escapes for `$` and `{` would make placeholders of what is none.
    if ["\\u0024", "\\u007b", "\\u007B"].iter().any(|escape| text.contains(escape)) {
        return None;
    }
    let value: Value = serde_json::from_str(text).ok()?;
    let is_container = value.is_object() || value.is_array();
    if !is_container || compact(text) != compact(&value.to_string()) {
        return None;
    }
    with_plain_names(value)
}

/// JSON whose names are as they are sent, as no placeholder stands for anything in a name;
/// nothing when one has a placeholder.
fn with_plain_names(value: Value) -> Option<Value> {
    Some(match value {
        Value::Object(members) => {
            let mut plain = Map::new();
            for (name, value) in members {
                plain.insert(text::plain(&name)?, with_plain_names(value)?);
            }
            Value::Object(plain)
        }
        Value::Array(items) => {
            Value::Array(items.into_iter().map(with_plain_names).collect::<Option<_>>()?)
        }
        other => other,
    })
}

/// JSON text without white space between its tokens, and without escapes that need not be.
fn compact(text: &str) -> String {
    let mut compact = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    let mut quoted = false;
    while let Some(char) = rest.next() {
        match char {
            '\\' if quoted => match rest.next() {
                Some('/') => compact.push('/'),
                Some('u') => {
                    let hex: String = rest.by_ref().take(4).collect();
                    match u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32) {
                        Some(plain) if plain >= ' ' && plain != '"' && plain != '\\' => {
                            compact.push(plain)
                        }
                        _ => compact.extend(["\\u", &hex]),
                    }
                }
                Some(other) => compact.extend(['\\', other]),
                None => {}
            },
            '"' => {
                quoted = !quoted;
                compact.push('"');
            }
            c if c.is_ascii_whitespace() && !quoted => {}
            c => compact.push(c),
        }
    }
    compact
}

/// `a=b&c=d` as an object, when what is written of it again is the same text.
fn plain_form(text: &str) -> Option<Map<String, Value>> {
    let mut form: Map<String, Value> = Map::new();
    for pair in text.split('&') {
        let (name, value) = pair.split_once('=')?;
        let (name, value) = (plain(name)?, Value::String(plain(value)?));
        if name.is_empty() || name.contains("${") {
            return None;
        }
        // Values of a name are written one after the other.
        let is_last = form.keys().next_back() == Some(&name);
        match form.get_mut(&name) {
            Some(_) if !is_last => return None,
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
            None => {
                form.insert(name, value);
            }
        }
    }
    Some(form)
}

/// What an encoded text says, when the client would encode that in the same way; placeholders
/// stay.
fn plain(text: &str) -> Option<String> {
    let mut plain = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once("${").unwrap_or((rest, ""));
        let spaced = before.replace('+', " ");
        let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
        if decoded.contains("${") || encoded(&decoded) != before {
            return None;
        }
        plain.push_str(&decoded);
        if before.len() == rest.len() {
            return Some(plain);
        }
        let (inside, behind) = after.split_once('}')?;
        plain.extend(["${", inside, "}"]);
        rest = behind;
    }
}

/// Characters that the client encodes in forms, besides the space.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b' ');

/// A value of a form as the client writes it.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string().replace(' ', "+")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn task(content_type: &str, text: &str) -> Task {
        let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        let mut task = Task { headers, ..Task::default() };
        set_text(&mut task, text);
        task
    }

    #[test]
    fn json_is_json_when_nothing_is_lost() {
        let json =
            |text: &str| task("application/json; charset=utf-8", text).fields.get("json").cloned();
        assert_eq!(
            json("{ \"a\": [1, 2.50e1, \"x y\"] }"),
            None,
            "a number would be written otherwise"
        );
        assert_eq!(json("{ \"a\": [1, \"x \\u00e9\\/\"] }"), Some(json!({"a": [1, "x é/"]})));
        assert_eq!(json("{\"a\": 1, \"a\": 2}"), None);
        assert_eq!(json("{\"a\": 123456789012345678901234567890}"), None);
        assert_eq!(json("123"), None);
        assert_eq!(json(r#"{"a": "\u0024{b}"}"#), None, "a placeholder would come to be");
        let (text, value) = (r#"{"${a}": "${b}"}"#, json!({"${a}": "${concat($)}{b}"}));
        assert_eq!(json(&text::literal(text)), Some(value));
        assert_eq!(json(text), None, "there are no placeholders in names");
        assert_eq!(json("{\"a\""), None);
    }

    #[test]
    fn forms_are_objects_when_they_are_encoded_in_the_only_way() {
        let data = |text| task(FORM, text).fields.get("data").cloned().unwrap();
        assert_eq!(data("a=b&c=${env.D}"), json!({"a": "b", "c": "${env.D}"}));
        assert_eq!(data("a=b+c%3D&a=%C3%A9&d="), json!({"a": ["b c=", "é"], "d": ""}));
        for text in
            ["a=b&c=d&a=e", "a", "a=b%20c", "a=%41", "a=%e9", "a=b&", "a=%24%7Bb%7D", "{\"x\": 1}"]
        {
            assert_eq!(data(text), json!(text));
        }
    }

    #[test]
    fn other_text_stays_text_with_its_type() {
        let task = task("text/xml", "<a/>");
        assert_eq!(task.fields.get("data"), Some(&json!("<a/>")));
        assert_eq!(header(&task, "content-type"), Some("text/xml"));
    }
}
