//! Routes that say back what they were told.

use serde_json::{Map, Value, json};

use super::Call;
use crate::reply::Reply;

pub(super) fn echo(call: &Call<'_>, reply: &mut Reply) {
    let request = call.request;
    let mut query = Map::new();
    for (name, value) in request.query_pairs() {
        add(&mut query, &name, &value);
    }
    let mut headers = Map::new();
    for header in request.headers {
        let name = header.name.to_ascii_lowercase();
        add(&mut headers, &name, &String::from_utf8_lossy(header.value));
    }
    let json = serde_json::from_slice::<Value>(request.body).unwrap_or(Value::Null);
    let echo = json!({
        "method": request.method,
        "path": request.path,
        "query": query,
        "headers": headers,
        "length": request.body.len(),
        "body": String::from_utf8_lossy(request.body),
        "json": json,
    });
    reply.json(200, &echo);
}

/// Adds a name that may come again: once it is text, then a list of texts.
fn add(map: &mut Map<String, Value>, name: &str, value: &str) {
    match map.get_mut(name) {
        None => {
            map.insert(name.to_owned(), Value::from(value));
        }
        Some(Value::Array(values)) => values.push(Value::from(value)),
        Some(first) => *first = json!([first, value]),
    }
}

pub(super) fn health(_: &Call<'_>, reply: &mut Reply) {
    reply.content("application/json", b"{\"status\":\"ok\"}\n");
}

pub(super) fn status(call: &Call<'_>, reply: &mut Reply) {
    let code = call.first();
    match code.parse().ok().filter(|code| (200..=599).contains(code)) {
        Some(code) => reply.json(code, &json!({"status": code})),
        None => reply.error(400, &format!("{code:?} is no status between 200 and 599")),
    }
}
