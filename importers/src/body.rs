//! Bodies of requests as a plan says them best: JSON as `json`, forms as an object, other text as
//! text.

use serde_json::{Map, Value};

use crate::draft::Task;

/// The type of what a browser's form sends.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// Gives a task a body of text, in the form that is read best and is sent as these bytes or, for
/// JSON, as the same value.
pub(crate) fn set_text(task: &mut Task, text: &str) {
    let content_type = header(task, "content-type").unwrap_or_default().to_ascii_lowercase();
    let is_json = content_type.contains("json");
    if is_json && let Some(value) = faithful_json(text) {
        if header(task, "accept").is_none() {
            // The client would ask for JSON only.
            task.headers.push(("Accept".to_owned(), "*/*".to_owned()));
        }
        task.fields.insert("json".to_owned(), value);
    } else if content_type == FORM
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
    let value: Value = serde_json::from_str(text).ok()?;
    let is_container = value.is_object() || value.is_array();
    (is_container && compact(text) == compact(&value.to_string())).then_some(value)
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

/// `a=b&c=d` as an object, when it is encoded in the only way there is and no name comes twice.
fn plain_form(text: &str) -> Option<Map<String, Value>> {
    let plain = |text: &str| {
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            if !is_unreserved(before) {
                return false;
            }
            let Some((_, behind)) = after.split_once('}') else { return false };
            rest = behind;
        }
        is_unreserved(rest)
    };
    let mut form = Map::new();
    for pair in text.split('&') {
        let (name, value) = pair.split_once('=')?;
        if name.is_empty() || name.contains("${") || !plain(name) || !plain(value) {
            return None;
        }
        if form.insert(name.to_owned(), Value::String(value.to_owned())).is_some() {
            return None;
        }
    }
    Some(form)
}

/// Whether no encoding changes a text.
fn is_unreserved(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
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
        let json = |text| task("application/json; charset=utf-8", text).fields.get("json").cloned();
        assert_eq!(
            json("{ \"a\": [1, 2.50e1, \"x y\"] }"),
            None,
            "a number would be written otherwise"
        );
        assert_eq!(json("{ \"a\": [1, \"x \\u00e9\\/\"] }"), Some(json!({"a": [1, "x é/"]})));
        assert_eq!(json("{\"a\": 1, \"a\": 2}"), None);
        assert_eq!(json("{\"a\": 123456789012345678901234567890}"), None);
        assert_eq!(json("123"), None);
        assert_eq!(json("{\"a\""), None);
    }

    #[test]
    fn forms_are_objects_when_they_are_encoded_in_the_only_way() {
        let data = |text| task(FORM, text).fields.get("data").cloned().unwrap();
        assert_eq!(data("a=b&c=${env.D}"), json!({"a": "b", "c": "${env.D}"}));
        for text in ["a=b&a=c", "a", "a=b+c", "a=%41", "a=b&", "{\"x\": 1}"] {
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
