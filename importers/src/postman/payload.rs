//! Bodies of all modes.

use percent_encoding::utf8_percent_encode;
use serde_json::{Map, Value, json};

use super::items::Reader;
use super::signed::RESERVED;
use super::variables::Piece;
use super::{is_disabled, text_of};
use crate::body;
use crate::draft::Task;

/// Methods whose bodies Postman leaves out unless it is told not to.
const WITHOUT_BODY: &[&str] = &["GET", "COPY", "HEAD", "PURGE", "UNLOCK"];

/// Gives a task the body of its request.
pub(super) fn set(
    reader: &mut Reader<'_>,
    body: &Value,
    keeps_body: bool,
    task: &mut Task,
    place: &str,
) {
    let mode = text_of(body.get("mode")).unwrap_or_default();
    let content = body.get(&mode).unwrap_or(&Value::Null);
    if is_empty(content) {
        return;
    }
    if is_disabled(body) {
        reader.notes.remark(place, "a body", "it is switched off");
        return;
    }
    if WITHOUT_BODY.contains(&task.method.as_str()) && !keeps_body {
        let why = "Postman sends none with this method unless `disableBodyPruning` is set";
        reader.notes.remark(place, &format!("a body with {}", task.method), why);
        return;
    }
    reader.notes.keep();
    match mode.as_str() {
        "raw" => raw(reader, body, content, task),
        "urlencoded" => urlencoded(reader, content, task, place),
        "formdata" => formdata(reader, content, task, place),
        "graphql" => graphql(reader, content, task),
        "file" => file(reader, content, task, place),
        mode => {
            reader.notes.drop(place, &format!("a body of mode {mode}"), "there is no such mode")
        }
    }
}

fn is_empty(content: &Value) -> bool {
    match content {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(entries) => entries.iter().all(is_disabled),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

fn raw(reader: &mut Reader<'_>, body: &Value, content: &Value, task: &mut Task) {
    let language = body.pointer("/options/raw/language").and_then(Value::as_str);
    let content_type = match language {
        Some("json") => "application/json",
        Some("xml") => "application/xml",
        Some("html") => "text/html",
        Some("javascript") => "application/javascript",
        _ => "text/plain",
    };
    default_type(task, content_type);
    let text = text_of(Some(content)).unwrap_or_else(|| content.to_string());
    if language == Some("json") {
        let plain = without_comments(&text);
        return set_text(reader, task, &plain);
    }
    set_text(reader, task, &text);
}

/// JSON without comments, which Postman does not send.
fn without_comments(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut quoted = false;
    while let Some(char) = chars.next() {
        match (char, chars.peek()) {
            ('\\', Some(_)) if quoted => {
                plain.push(char);
                plain.extend(chars.next());
                continue;
            }
            ('"', _) => quoted = !quoted,
            ('/', Some('/')) if !quoted => {
                while chars.next_if(|&char| char != '\n').is_some() {}
                continue;
            }
            ('/', Some('*')) if !quoted => {
                chars.next();
                let mut before = ' ';
                for char in chars.by_ref() {
                    if (before, char) == ('*', '/') {
                        break;
                    }
                    before = char;
                }
                continue;
            }
            _ => {}
        }
        plain.push(char);
    }
    plain
}

/// Sets a body of text. JSON whose texts would become something else stays text.
fn set_text(reader: &mut Reader<'_>, task: &mut Task, text: &str) {
    let pieces = reader.variables.pieces(text);
    let written = reader.variables.render(&pieces, str::to_owned);
    let headers = task.headers.len();
    body::set_text(task, &written);
    let typed: Vec<String> = pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Code { code, is_typed: true } => Some(format!("${{{code}}}")),
            _ => None,
        })
        .collect();
    if task.fields.get("json").is_some_and(|json| holds_alone(json, &typed)) {
        task.headers.truncate(headers);
        task.fields.shift_remove("json");
        task.fields.insert("data".to_owned(), json!(written));
    }
}

/// Whether one of the texts of a value is one of these and nothing else.
fn holds_alone(value: &Value, placeholders: &[String]) -> bool {
    match value {
        Value::String(text) => placeholders.contains(text),
        Value::Array(items) => items.iter().any(|item| holds_alone(item, placeholders)),
        Value::Object(members) => members.values().any(|value| holds_alone(value, placeholders)),
        _ => false,
    }
}

fn default_type(task: &mut Task, content_type: &str) {
    if body::header(task, "content-type").is_none() {
        task.headers.push(("Content-Type".to_owned(), content_type.to_owned()));
    }
}

fn entries<'v>(
    reader: &mut Reader<'_>,
    content: &'v Value,
    place: &str,
) -> Vec<(String, &'v Value)> {
    let mut entries = Vec::new();
    for entry in content.as_array().into_iter().flatten() {
        let name = text_of(entry.get("key")).unwrap_or_default();
        if is_disabled(entry) {
            reader.notes.remark(place, &name, "a field that is switched off");
        } else {
            entries.push((name, entry));
        }
    }
    entries
}

fn urlencoded(reader: &mut Reader<'_>, content: &Value, task: &mut Task, place: &str) {
    if let Some(text) = content.as_str() {
        default_type(task, body::FORM);
        set_text(reader, task, text);
        return;
    }
    let mut form = Map::new();
    let entries = entries(reader, content, place);
    if entries.iter().any(|(name, _)| name.contains("{{")) {
        // Placeholders are not filled in names.
        let pairs = entries.iter().map(|(name, entry)| {
            let value = text_of(entry.get("value")).unwrap_or_default();
            format!("{}={}", form_encoded(reader, name), form_encoded(reader, &value))
        });
        let text: Vec<String> = pairs.collect();
        default_type(task, body::FORM);
        task.fields.insert("data".to_owned(), json!(text.join("&")));
        return;
    }
    for (name, entry) in entries {
        let value = text_of(entry.get("value")).unwrap_or_default();
        let value = json!(reader.variables.text(&value));
        match form.get_mut(&name) {
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = json!([first.take(), value]),
            None => {
                form.insert(name, value);
            }
        }
    }
    default_type(task, body::FORM);
    task.fields.insert("data".to_owned(), Value::Object(form));
}

/// A name or value of a form as it is sent, also what its placeholders will stand for.
fn form_encoded(reader: &mut Reader<'_>, text: &str) -> String {
    let pieces = reader.variables.pieces(text);
    let mut encoded = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => encoded.extend(utf8_percent_encode(&text, RESERVED)),
            Piece::Code { code, .. } => encoded.push_str(&format!("${{url_encode(${{{code}}})}}")),
            Piece::Plan(text) => encoded.push_str(&text),
        }
    }
    encoded
}

fn formdata(reader: &mut Reader<'_>, content: &Value, task: &mut Task, place: &str) {
    let mut files = Vec::new();
    for (name, entry) in entries(reader, content, place) {
        let mut part = Map::new();
        part.insert("field".to_owned(), json!(reader.variables.text(&name)));
        let content_type = text_of(entry.get("contentType")).filter(|text| !text.is_empty());
        let content_type = content_type.map(|text| reader.variables.text(&text));
        if entry.get("type").and_then(Value::as_str) != Some("file") {
            let value = match entry.get("value") {
                Some(Value::Null) | None => String::new(),
                Some(value) => text_of(Some(value)).unwrap_or_else(|| value.to_string()),
            };
            part.insert("content".to_owned(), json!(reader.variables.text(&value)));
            part.insert("filename".to_owned(), Value::Null);
            part.extend(content_type.map(|text| ("content_type".to_owned(), json!(text))));
            files.push(Value::Object(part));
            continue;
        }
        let paths: Vec<String> = match entry.get("src") {
            Some(Value::Array(paths)) => {
                paths.iter().filter_map(|path| text_of(Some(path))).collect()
            }
            Some(Value::String(path)) => vec![path.clone()],
            _ => Vec::new(),
        };
        if paths.iter().all(String::is_empty) {
            let why = "no file was chosen; an empty one is sent. Put its `path` there";
            reader.notes.approximate(place, &format!("the file of `{name}`"), why);
            part.insert("content".to_owned(), json!(""));
            part.insert("filename".to_owned(), json!(""));
            files.push(Value::Object(part.clone()));
        }
        for path in paths.iter().filter(|path| !path.is_empty()) {
            let mut part = part.clone();
            if !is_there(reader, path) {
                let what = format!("the file `{path}` of `{name}`");
                let why = "it is not here, and Postman would leave it out as well; add \
                           `{\"field\", \"path\"}` to `files` when it is";
                reader.notes.drop(place, &what, why);
                continue;
            }
            part.insert("path".to_owned(), json!(reader.variables.text(path)));
            let content_type = content_type.clone().or_else(|| type_of(path).map(str::to_owned));
            part.extend(content_type.map(|text| ("content_type".to_owned(), json!(text))));
            files.push(Value::Object(part));
        }
    }
    let form = |value: &str| value.to_ascii_lowercase().starts_with("multipart/form-data");
    if body::header(task, "content-type").is_some_and(form) {
        task.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
    }
    if !files.is_empty() {
        task.fields.insert("files".to_owned(), Value::Array(files));
    }
}

fn graphql(reader: &mut Reader<'_>, content: &Value, task: &mut Task) {
    let text = |key: &str| text_of(content.get(key)).filter(|text| !text.is_empty());
    let mut graphql = Map::new();
    let query = text("query").unwrap_or_default();
    graphql.insert("query".to_owned(), json!(reader.variables.text(&query)));
    let mut variables = None;
    if let Some(written) = text("variables") {
        let pieces = reader.variables.pieces(&written);
        let has_typed =
            pieces.iter().any(|piece| matches!(piece, Piece::Code { is_typed: true, .. }));
        let written = reader.variables.render(&pieces, str::to_owned);
        match serde_json::from_str::<Value>(&written) {
            Ok(Value::Object(members)) if !has_typed => variables = Some(Value::Object(members)),
            _ => {
                // What only becomes JSON when the request is made.
                default_type(task, "application/json");
                let query = serde_json::to_string(&graphql.get("query")).unwrap_or_default();
                let text = format!("{{\"query\":{query},\"variables\":{written}}}");
                task.fields.insert("data".to_owned(), json!(text));
                return;
            }
        }
    } else if let Some(members) = content.get("variables").filter(|value| value.is_object()) {
        let written = reader.variables.text(&members.to_string());
        variables = serde_json::from_str(&written).ok();
    }
    graphql.extend(variables.map(|variables| ("variables".to_owned(), variables)));
    if let Some(name) = text("operationName") {
        graphql.insert("operation_name".to_owned(), json!(reader.variables.text(&name)));
    }
    if body::header(task, "accept").is_none() {
        // The client would ask for JSON only.
        task.headers.push(("Accept".to_owned(), "*/*".to_owned()));
    }
    task.fields.insert("graphql".to_owned(), Value::Object(graphql));
}

fn file(reader: &mut Reader<'_>, content: &Value, task: &mut Task, place: &str) {
    if let Some(text) = text_of(content.get("content")).filter(|text| !text.is_empty()) {
        set_text(reader, task, &text);
        return;
    }
    let path = text_of(content.get("src").or(Some(content))).unwrap_or_default();
    if path.is_empty() || !is_there(reader, &path) {
        let why = "it is not here; add `body_file` to the task when it is";
        reader.notes.drop(place, &format!("the body in the file `{path}`"), why);
        return;
    }
    if let Some(content_type) = type_of(&path) {
        default_type(task, content_type);
    }
    task.fields.insert("body_file".to_owned(), json!(reader.variables.text(&path)));
}

/// Whether a file can be read now; a path with variables in it is known only later.
fn is_there(reader: &Reader<'_>, path: &str) -> bool {
    path.contains("{{") || reader.source.folder.join(path).is_file()
}

/// The type that a file has by the end of its name.
fn type_of(path: &str) -> Option<&'static str> {
    let (_, ending) = path.rsplit_once('.')?;
    let ending = ending.to_ascii_lowercase();
    TYPES.iter().find(|(known, _)| *known == ending).map(|(_, content_type)| *content_type)
}

const TYPES: &[(&str, &str)] = &[
    ("bin", "application/octet-stream"),
    ("bmp", "image/bmp"),
    ("css", "text/css"),
    ("csv", "text/csv"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("gif", "image/gif"),
    ("gz", "application/gzip"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "application/javascript"),
    ("json", "application/json"),
    ("md", "text/markdown"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("tar", "application/x-tar"),
    ("txt", "text/plain"),
    ("wav", "audio/wav"),
    ("webp", "image/webp"),
    ("xls", "application/vnd.ms-excel"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("xml", "application/xml"),
    ("yaml", "text/yaml"),
    ("yml", "text/yaml"),
    ("zip", "application/zip"),
];
