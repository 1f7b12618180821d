//! The parts of multipart forms: `-F`.

use serde_json::{Map, Value, json};

use super::data;
use super::shell::Input;
use crate::notes::Notes;
use crate::source::Source;

const UNKNOWN_INPUT: &str = "what standard input would be is not known";

/// The part that the value of `-F` or `--form-string` stands for.
pub(super) fn part(
    value: &str,
    literal: bool,
    source: &Source,
    input: Option<&Input>,
    place: &str,
    notes: &mut Notes,
) -> Option<Value> {
    let Some((field, rest)) = value.split_once('=') else {
        notes.drop(place, "-F …", "a part of a form is NAME=CONTENT");
        return None;
    };
    let mut part = Map::new();
    part.insert("field".to_owned(), json!(field));
    if literal {
        part.insert("content".to_owned(), json!(rest));
        part.insert("filename".to_owned(), Value::Null);
        return Some(Value::Object(part));
    }
    let (kind, rest) = match rest.chars().next() {
        Some(kind @ ('@' | '<')) => (Some(kind), rest.get(1..).unwrap_or_default()),
        _ => (None, rest),
    };
    let (content, parameters) = parameters(rest);
    match kind {
        None => {
            part.insert("content".to_owned(), json!(content));
            part.insert("filename".to_owned(), Value::Null);
        }
        Some('<') => {
            let text = match (content.as_str(), input) {
                ("-", Some(Input::Text(text))) => Some(text.clone()),
                (_, input) => data::file(&data::named(&content, input), source),
            };
            match text {
                None if data::named(&content, input) == "-" => {
                    notes.drop(place, &format!("-F {field}=<-"), UNKNOWN_INPUT);
                    return None;
                }
                Some(text) => part.insert("content".to_owned(), json!(text)),
                None => part.insert("path".to_owned(), json!(data::named(&content, input))),
            };
            part.insert("filename".to_owned(), Value::Null);
        }
        Some(_) => {
            let files: Vec<&str> = content.split(',').collect();
            if files.len() > 1 {
                let why = "only the first of several files in one part is sent";
                notes.approximate(place, &format!("-F {field}=@{content}"), why);
            }
            let path = data::named(files.first().copied().unwrap_or_default(), input);
            if path == "-" {
                // curl sends what it reads as a file called `-`.
                let Some(Input::Text(text)) = input else {
                    notes.drop(place, &format!("-F {field}=@-"), UNKNOWN_INPUT);
                    return None;
                };
                part.insert("content".to_owned(), json!(text));
                part.insert("filename".to_owned(), json!("-"));
            } else {
                if let Some(content_type) = type_of(&path) {
                    part.insert("content_type".to_owned(), json!(content_type));
                }
                part.insert("path".to_owned(), json!(path));
            }
        }
    }
    for (name, value) in parameters {
        match name.as_str() {
            "type" => {
                part.insert("content_type".to_owned(), json!(value));
            }
            "filename" => {
                part.insert("filename".to_owned(), json!(value));
            }
            other => notes.drop(
                place,
                &format!("-F {field}=…;{other}=…"),
                "parts have no headers of their own",
            ),
        }
    }
    Some(Value::Object(part))
}

/// The type that curl gives a file by the end of its name.
fn type_of(path: &str) -> Option<&'static str> {
    let (_, ending) = path.rsplit_once('.')?;
    Some(match ending.to_ascii_lowercase().as_str() {
        "gif" => "image/gif",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain",
        "htm" | "html" => "text/html",
        "pdf" => "application/pdf",
        "xml" => "application/xml",
        _ => return None,
    })
}

/// The content of a part, unquoted, and the `;name=value` parameters behind it.
fn parameters(text: &str) -> (String, Vec<(String, String)>) {
    let (content, mut rest) = match text.strip_prefix('"') {
        Some(quoted) => unquote(quoted),
        None => {
            let end = first_parameter(text).unwrap_or(text.len());
            let (content, rest) = text.split_at_checked(end).unwrap_or((text, ""));
            (content.trim().to_owned(), rest)
        }
    };
    let mut parameters = Vec::new();
    while let Some(parameter) = rest.trim_start().strip_prefix(';') {
        let Some((name, value)) = parameter.split_once('=') else { break };
        let (value, behind) = match value.strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                // A type may have parameters of its own: `text/plain; charset=utf-8`.
                let end = first_parameter(value).unwrap_or(value.len());
                let (value, behind) = value.split_at_checked(end).unwrap_or((value, ""));
                (value.trim().to_owned(), behind)
            }
        };
        parameters.push((name.trim().to_ascii_lowercase(), value));
        rest = behind;
    }
    (content, parameters)
}

/// Where the first parameter that curl knows begins.
fn first_parameter(text: &str) -> Option<usize> {
    let known = ["type=", "filename=", "headers=", "encoder="];
    text.match_indices(';').map(|(at, _)| at).find(|&at| {
        let rest = text.get(at + 1..).unwrap_or_default().trim_start();
        known.iter().any(|name| {
            rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        })
    })
}

/// A quoted text, and what is behind its quote.
fn unquote(text: &str) -> (String, &str) {
    let mut unquoted = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => match chars.next() {
                Some((_, escaped @ ('"' | '\\'))) => unquoted.push(escaped),
                Some((_, other)) => unquoted.extend(['\\', other]),
                None => {}
            },
            '"' => return (unquoted, text.get(at + 1..).unwrap_or_default()),
            other => unquoted.push(other),
        }
    }
    (unquoted, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn parts(value: &str) -> Value {
        let source = Source::new("x", b"", Path::new("/nonexistent")).unwrap();
        let mut notes = Notes::default();
        part(value, false, &source, None, "1", &mut notes).unwrap()
    }

    #[test]
    fn texts_files_types_and_names_are_read() {
        for (value, expected) in [
            ("a=b", json!({"field": "a", "content": "b", "filename": null})),
            ("a=b;c", json!({"field": "a", "content": "b;c", "filename": null})),
            (
                "a={\"x\":1};type=application/json",
                json!({"field": "a", "content": "{\"x\":1}", "filename": null, "content_type": "application/json"}),
            ),
            ("a=@f.jpg", json!({"field": "a", "content_type": "image/jpeg", "path": "f.jpg"})),
            (
                "a=@\"x y.jpg\";type=image/jpeg;filename=\"q;.jpg\"",
                json!({"field": "a", "path": "x y.jpg", "content_type": "image/jpeg", "filename": "q;.jpg"}),
            ),
            (
                "a=b;type=text/plain; charset=utf-8",
                json!({"field": "a", "content": "b", "filename": null, "content_type": "text/plain; charset=utf-8"}),
            ),
            ("a=<f", json!({"field": "a", "path": "f", "filename": null})),
        ] {
            assert_eq!(parts(value), expected, "{value}");
        }
    }
}
