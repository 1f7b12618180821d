//! Writing YAML, so that reading it gives the same values.

use std::borrow::Cow;

use serde_json::Value;

/// A value as YAML in block style, in the order of its members.
#[must_use]
pub fn write(value: &Value) -> String {
    let mut out = String::new();
    append(value, 0, &mut out);
    out
}

/// Appends a value, each line indented by `indent`.
fn append(value: &Value, indent: usize, out: &mut String) {
    let space = " ".repeat(indent);
    match value {
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                let mut inner = String::new();
                append(item, indent + 2, &mut inner);
                out.extend([&*space, "- ", inner.trim_start_matches(' ')]);
            }
        }
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                let name = plain(name);
                if is_scalar(value) {
                    out.extend([&*space, &*name, ": "]);
                    append(value, 0, out);
                } else {
                    out.extend([&*space, &*name, ":\n"]);
                    append(value, indent + 2, out);
                }
            }
        }
        Value::String(text) => out.extend([&*space, &*plain(text), "\n"]),
        other => out.extend([&*space, &*other.to_string(), "\n"]),
    }
}

/// Whether a value stands on the line of its key.
fn is_scalar(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => true,
    }
}

/// A text as YAML: bare where nobody can take it for anything else, or else in JSON's quotes.
fn plain(text: &str) -> Cow<'_, str> {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '.');
    let bare = text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '/'))
        && text.chars().all(is_word)
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if bare { text.into() } else { Value::from(text).to_string().into() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::notation::yaml::parse;

    #[test]
    fn yaml_reads_as_what_was_written() {
        let value = json!([
            ["LD_start_test", {"tasks": [{"method": "get", "on": "no", "é": "a: b\n# c"}, {}], "n": null}],
            [], [[1, -2.5e30], ["- x", "", " ", "0x1", "1_000", "${uuid()}"]],
        ]);
        let text = write(&value);
        let read = parse(&text).unwrap();
        let read: Value = serde_json::from_slice(&read.to_json().constant().unwrap()).unwrap();
        assert_eq!(read, value, "{text}");
        assert!(text.starts_with("- - LD_start_test\n  - tasks:\n"), "{text}");
    }
}
