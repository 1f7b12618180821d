//! A request with all it inherits, as a task.

use serde_json::{Map, Value, json};

use super::items::{Inherited, Reader};
use super::{auth, is_disabled, payload, text_of, url};
use crate::draft::{Task, is_framing};

/// The task of a request, which may be no more than a URL.
pub(super) fn task(
    reader: &mut Reader<'_>,
    request: &Value,
    inherited: &Inherited<'_>,
    place: &str,
) -> Task {
    let is_on = |name: &str| inherited.behavior.get(name).and_then(Value::as_bool);
    let address = if request.is_string() { Some(request) } else { request.get("url") };
    let encode = is_on("disableUrlEncoding") != Some(true);
    let url = url::read(address, encode, reader.variables);
    if url.has_fragment {
        reader.notes.remark(place, "the fragment of the URL", "it is not sent");
    }
    for entry in address.and_then(|url| url.get("query")?.as_array()).into_iter().flatten() {
        if is_disabled(entry) {
            let name = text_of(entry.get("key")).unwrap_or_default();
            reader.notes.remark(place, &format!("?{name}="), "a parameter that is switched off");
        }
    }
    let method = text_of(request.get("method")).unwrap_or_default();
    let method = reader.variables.text(method.trim());
    let mut task = Task {
        place: place.to_owned(),
        method: match method.as_str() {
            "" => "GET".to_owned(),
            method if method.contains("${") => method.to_owned(),
            method => method.to_ascii_uppercase(),
        },
        url: url.text,
        ..Task::default()
    };
    headers(reader, request.get("header"), &mut task, place);
    if let Some(body) = request.get("body").filter(|body| body.is_object()) {
        let keeps_body = is_on("disableBodyPruning") == Some(true);
        payload::set(reader, body, keeps_body, &mut task, place);
    }
    let own = request.get("auth").filter(|auth| auth.is_object());
    match own.or(inherited.auth) {
        Some(given) => auth::set(reader, given, &mut task, place),
        None => {
            if let Some((user, password)) = url.credentials {
                let basic = json!({"type": "basic", "username": user, "password": password});
                task.fields.insert("auth".to_owned(), basic);
            }
        }
    }
    behave(reader, &inherited.behavior, &mut task, place);
    for part in ["proxy", "certificate"] {
        if request.get(part).is_some_and(|part| !part.is_null()) {
            let why =
                format!("set `{}` of the task", if part == "proxy" { "proxy" } else { "cert" });
            reader.notes.drop(place, part, &why);
        }
    }
    task
}

fn headers(reader: &mut Reader<'_>, headers: Option<&Value>, task: &mut Task, place: &str) {
    let mut lines: Vec<(String, String)> = Vec::new();
    match headers {
        Some(Value::Array(entries)) => {
            for entry in entries {
                let (name, value) = match entry {
                    Value::String(line) => {
                        let (name, value) = line.split_once(':').unwrap_or((line, ""));
                        (name.to_owned(), value.to_owned())
                    }
                    _ => (
                        text_of(entry.get("key")).unwrap_or_default(),
                        text_of(entry.get("value")).unwrap_or_default(),
                    ),
                };
                if is_disabled(entry) {
                    reader.notes.remark(place, &name, "a header that is switched off");
                } else {
                    lines.push((name, value));
                }
            }
        }
        Some(Value::String(text)) => {
            let pairs = text.lines().filter_map(|line| line.split_once(':'));
            lines.extend(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
        _ => {}
    }
    for (name, value) in lines {
        let name = name.trim().to_owned();
        if name.is_empty() {
            continue;
        }
        if name.contains("{{") {
            let why = "placeholders are not filled in names; it is sent as it is written";
            reader.notes.approximate(place, &format!("the header {name}"), why);
        }
        if is_framing(&name) {
            let why = "the client says how long a body is";
            reader.notes.remark(place, &format!("{name}: {value}"), why);
            continue;
        }
        reader.notes.keep();
        let value = reader.variables.text(value.trim());
        task.headers.push((name, value));
    }
}

/// What `protocolProfileBehavior` asks for.
fn behave(reader: &mut Reader<'_>, behavior: &Map<String, Value>, task: &mut Task, place: &str) {
    for (name, value) in behavior {
        let what = format!("protocolProfileBehavior.{name}");
        match (name.as_str(), value) {
            ("followRedirects", Value::Bool(follow)) => {
                task.fields.insert("allow_redirects".to_owned(), json!(follow));
                reader.notes.keep();
            }
            ("strictSSL", Value::Bool(strict)) => {
                if !strict {
                    task.fields.insert("verify".to_owned(), json!(false));
                }
                reader.notes.keep();
            }
            ("disableBodyPruning" | "disableUrlEncoding", Value::Bool(_)) => reader.notes.keep(),
            ("disabledSystemHeaders", Value::Object(names)) => {
                for name in names
                    .iter()
                    .filter(|(_, off)| off.as_bool() == Some(true))
                    .map(|(name, _)| name)
                {
                    let is_ours = ["accept", "accept-encoding", "user-agent", "connection"]
                        .contains(&name.to_ascii_lowercase().as_str());
                    let is_set =
                        task.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
                    if is_ours && !is_set {
                        task.without.push(name.clone());
                    } else if name.eq_ignore_ascii_case("content-type") {
                        task.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
                        task.without.push(name.clone());
                    }
                }
                reader.notes.keep();
            }
            (_, Value::Null | Value::Bool(false)) => {}
            ("maxRedirects", value) => {
                reader.notes.approximate(
                    place,
                    &format!("{what}: {value}"),
                    "up to 30 are followed",
                );
            }
            (_, value) => {
                let why = "the client has no such setting";
                reader.notes.drop(place, &format!("{what}: {value}"), why);
            }
        }
    }
}
