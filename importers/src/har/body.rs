//! The body of a request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::context::Context;
use super::model::{Param, PostData};
use super::multipart::{self, Part};
use crate::body::{self, FORM};
use crate::draft::Task;
use crate::notes::Fate;

/// Gives a task the recorded body.
pub(super) fn read(task: &mut Task, post: &PostData<'_>, context: &mut Context<'_>) {
    let (params, mut text) = (&post.params.items, post.text.as_str());
    if post.params.odd {
        let why = "this is no list, and left out";
        context.tally.note(Fate::Dropped, &task.place, "postData.params", why);
    }
    let content_type = match body::header(task, "content-type") {
        Some(known) => known.to_owned(),
        None => post.mime.as_str().to_owned(),
    };
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_form = essence == "multipart/form-data";

    let decoded;
    let file = post.file.as_str();
    if text.is_empty() && params.is_empty() && !file.is_empty() {
        let Some(bytes) = context.attached(file, &task.place) else { return };
        match String::from_utf8(bytes) {
            Ok(plain) => {
                decoded = plain;
                text = &decoded;
            }
            Err(_) => {
                add_type(task, &content_type);
                task.fields.insert("body_file".to_owned(), json!(file));
                return;
            }
        }
    } else if post.encoding.as_str().eq_ignore_ascii_case("base64") {
        match BASE64.decode(text.trim()).map(String::from_utf8) {
            Ok(Ok(plain)) => {
                decoded = plain;
                text = &decoded;
            }
            Ok(Err(_)) => {
                let value = format!("${{base64_decode({})}}", text.trim());
                add_type(task, &content_type);
                task.fields.insert("data".to_owned(), json!(value));
                return;
            }
            Err(_) => {
                let why = "this is no Base64, and sent as it is";
                context.tally.note(Fate::Approximated, &task.place, "postData.text", why);
            }
        }
    }
    if is_form || essence == FORM {
        text = without_head(text);
    }

    if is_form {
        let parts = multipart::parse(text, &content_type)
            .unwrap_or_else(|| params.iter().map(part).collect());
        if !parts.is_empty() {
            files(task, parts, context);
            return;
        }
    } else if text.is_empty() && !params.is_empty() {
        let written = context.text(&encoded(params));
        add_type(task, FORM);
        body::set_text(task, &written);
        return;
    }
    if text.is_empty() {
        return;
    }
    if essence == FORM && !params.is_empty() && !agree(params, text) {
        let why = "the text of the body says something else, and it is what was sent";
        context.tally.note(Fate::Approximated, &task.place, "postData.params", why);
    }
    add_type(task, &content_type);
    if content_type.is_empty() {
        task.without.push("Content-Type".to_owned());
    }
    let text = context.text(text);
    body::set_text(task, &text);
}

/// Firefox has recorded forms behind the headers that belong to them.
fn without_head(text: &str) -> &str {
    let begins = text.get(..13).is_some_and(|start| {
        start.eq_ignore_ascii_case("content-type:") || start.eq_ignore_ascii_case("content-lengt")
    });
    match text.split_once("\r\n\r\n") {
        Some((_, body)) if begins => body,
        _ => text,
    }
}

fn add_type(task: &mut Task, content_type: &str) {
    if body::header(task, "content-type").is_none() && !content_type.is_empty() {
        task.headers.push(("Content-Type".to_owned(), content_type.to_owned()));
    }
}

/// Parameters as they are sent. Some recorders write them encoded, others do not; encoded
/// ones have neither spaces nor other characters that need it.
fn encoded(params: &[Param<'_>]) -> String {
    let texts = || params.iter().flat_map(|param| [param.name.as_str(), param.value.as_str()]);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~*+%${}".contains(c);
    let is_encoded = texts().any(|text| text.contains('%'))
        && texts().all(|text| text.chars().all(is_plain) && has_only_escapes(text));
    let write = |text: &str| match is_encoded {
        true => text.to_owned(),
        false => pieces(text),
    };
    let pairs: Vec<String> = params
        .iter()
        .map(|param| format!("{}={}", write(param.name.as_str()), write(param.value.as_str())))
        .collect();
    pairs.join("&")
}

/// Encodes a text for a form, all but what may be the name of a variable.
fn pieces(text: &str) -> String {
    let mut written = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        written.push_str(&body::encoded(before));
        match after.split_once('}') {
            Some((name, behind)) => {
                written.extend(["${", name, "}"]);
                rest = behind;
            }
            None => {
                written.push_str("%24%7B");
                rest = after;
            }
        }
    }
    written.push_str(&body::encoded(rest));
    written
}

/// Whether each `%` begins two hexadecimal digits.
fn has_only_escapes(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        after.get(..2).is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    })
}

/// Whether parameters and text name the same fields.
fn agree(params: &[Param<'_>], text: &str) -> bool {
    let plain =
        |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let mut of_text: Vec<String> = text
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| plain(pair.split('=').next().unwrap_or_default()))
        .collect();
    let mut of_params: Vec<String> =
        params.iter().map(|param| plain(param.name.as_str())).collect();
    of_text.sort();
    of_params.sort();
    of_text == of_params
}

fn part(param: &Param<'_>) -> Part {
    let text = |text: &super::model::Text<'_>| {
        text.0.as_deref().filter(|text| !text.is_empty()).map(str::to_owned)
    };
    Part {
        name: param.name.as_str().to_owned(),
        file_name: text(&param.file_name),
        content_type: text(&param.content_type),
        content: param.value.as_str().to_owned(),
    }
}

/// A multipart form.
fn files(task: &mut Task, parts: Vec<Part>, context: &mut Context<'_>) {
    // The client draws a boundary of its own.
    task.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
    let mut files = Vec::new();
    for part in parts {
        let mut file = Map::new();
        let is_file = part.file_name.is_some();
        if is_file && part.content.is_empty() {
            let name = part.file_name.as_deref().unwrap_or_default();
            let what = format!("the file `{name}` of the form");
            let why = "recorders leave its content out, so it is sent empty; put its `path` there";
            context.tally.note(Fate::Approximated, &task.place, &what, why);
        }
        file.insert("field".to_owned(), json!(context.text(&part.name)));
        file.insert("content".to_owned(), json!(content(&part.content, context)));
        let file_name = part.file_name.map(|name| context.text(&name));
        file.insert("filename".to_owned(), file_name.map_or(Value::Null, Value::String));
        if let Some(content_type) = part.content_type {
            file.insert("content_type".to_owned(), json!(context.text(&content_type)));
        }
        files.push(Value::Object(file));
    }
    task.fields.insert("files".to_owned(), Value::Array(files));
}

/// The content of a part, which may be written as a `data:` URL.
fn content(text: &str, context: &Context<'_>) -> String {
    let inline = text
        .strip_prefix("data:")
        .and_then(|rest| rest.split_once(";base64,"))
        .and_then(|(_, coded)| Some((coded, BASE64.decode(coded.trim()).ok()?)));
    match inline {
        Some((coded, bytes)) => match String::from_utf8(bytes) {
            Ok(plain) => context.text(&plain),
            Err(_) => format!("${{base64_decode({})}}", coded.trim()),
        },
        None => context.text(text),
    }
}
