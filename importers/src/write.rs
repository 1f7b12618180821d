//! The plan of a draft.

use serde_json::{Map, Value, json};

use crate::draft::{Draft, Task};
use crate::notes::Notes;
use crate::options::Options;

/// The plan as JSON. Members stand in the order in which a person would write them: what is
/// asked for, of whom, with what, and what is expected.
pub(crate) fn plan(draft: &Draft, kind: &str, options: &Options, notes: &Notes) -> Value {
    let mut run = Map::new();
    run.insert("user_detail_dict".to_owned(), json!({"user": options.user}));
    let load_is_told = ["load_shape", "arrival", "scenarios", "user_count"]
        .iter()
        .any(|key| draft.run.contains_key(*key));
    if !load_is_told || options.users.is_some() {
        run.insert("user_count".to_owned(), json!(options.users.unwrap_or(10)));
        run.insert("spawn_rate".to_owned(), number(options.spawn_rate.unwrap_or(5.0)));
    }
    if !draft.run.contains_key("test_time") || options.duration.is_some() {
        run.insert("test_time".to_owned(), number(options.duration.unwrap_or(60.0)));
    }
    if !draft.variables.is_empty() {
        run.insert("variables".to_owned(), Value::Object(draft.variables.clone()));
    }
    for (key, value) in &draft.run {
        run.entry(key.clone()).or_insert_with(|| value.clone());
    }
    run.insert("tasks".to_owned(), draft.tasks.iter().map(task).collect());

    let mut metadata = Map::new();
    if let Some(name) = &draft.name {
        metadata.insert("name".to_owned(), json!(name));
    }
    if let Some(description) = &draft.description {
        metadata.insert("description".to_owned(), json!(description));
    }
    let mut imported = json!({"from": kind});
    if let (Some(imported), Value::Object(notes)) = (imported.as_object_mut(), notes.to_json()) {
        imported.extend(notes);
    }
    metadata.insert("imported".to_owned(), imported);
    json!({"metadata": metadata, "load_density": [["LD_start_test", run]]})
}

fn task(task: &Task) -> Value {
    let mut written = Map::new();
    if let Some(name) = &task.name {
        written.insert("name".to_owned(), json!(name));
    }
    written.insert("method".to_owned(), json!(method(&task.method)));
    written.insert("request_url".to_owned(), json!(task.url));
    let mut headers = headers(&task.headers);
    headers.extend(task.without.iter().map(|name| (name.clone(), Value::Null)));
    if !headers.is_empty() {
        written.insert("headers".to_owned(), Value::Object(headers));
    }
    written.extend(task.fields.clone());
    if !task.assertions.is_empty() {
        written.insert("assertions".to_owned(), json!(task.assertions));
    }
    if !task.extract.is_empty() {
        written.insert("extract".to_owned(), json!(task.extract));
    }
    Value::Object(written)
}

/// Methods in small letters, as plans have them; others stay as they are sent.
fn method(method: &str) -> String {
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    if known.contains(&method) { method.to_ascii_lowercase() } else { method.to_owned() }
}

/// Header lines as an object; one that comes several times has a list.
fn headers(lines: &[(String, String)]) -> Map<String, Value> {
    let mut headers: Map<String, Value> = Map::new();
    for (name, value) in lines {
        let key = headers.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned();
        match key.and_then(|key| headers.get_mut(&key)) {
            Some(Value::Array(values)) => values.push(json!(value)),
            Some(first) => *first = json!([first.take(), value]),
            None => {
                headers.insert(name.clone(), json!(value));
            }
        }
    }
    headers
}

/// A number without a fraction when it has none.
#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 { json!(value as i64) } else { json!(value) }
}
