//! Postman collections (2.0 and 2.1), with the environments and globals beside them.

mod auth;
mod detours;
mod dynamic;
mod items;
mod jumps;
mod payload;
mod request;
mod script;
mod signed;
mod url;
mod variables;

use std::thread;

use serde_json::Value;

use crate::draft::Draft;
use crate::notes::Notes;
use crate::options::Options;
use crate::source::{Failure, Source};

use self::items::Reader;
use self::variables::Variables;

/// Longer texts are looked at for their marks only.
const MAX_PARSED_TO_DETECT: usize = 4 << 20;

/// What a source is to us.
enum Role {
    Collection,
    /// An environment or globals; which of the two it says itself.
    Values {
        globals: bool,
    },
    /// A collection of version 1.
    Old,
}

/// Whether a text is a collection, an environment or globals.
pub(crate) fn detect(source: &Source) -> bool {
    let text = source.text.trim_start();
    if !text.starts_with('{') {
        return false;
    }
    let marks =
        ["getpostman.com/json/collection", "schema.postman.com", "\"_postman_variable_scope\""];
    let head = text.get(..4096).unwrap_or(text);
    if marks.iter().any(|mark| head.contains(mark)) {
        return true;
    }
    text.len() <= MAX_PARSED_TO_DETECT
        && serde_json::from_str::<Value>(text)
            .is_ok_and(|document| role(unwrapped(&document)).is_some())
}

/// The stack on which scripts are parsed, whose expressions may be nested as deep as they are long.
const STACK_BYTES: usize = 512 << 20;

/// The requests of all collections among the sources.
pub(crate) fn read(
    sources: &[Source],
    options: &Options,
    notes: &mut Notes,
) -> Result<Draft, Failure> {
    thread::scope(|scope| {
        let reader = thread::Builder::new().stack_size(STACK_BYTES);
        let started = reader.spawn_scoped(scope, || read_collections(sources, options, notes));
        match started.map(thread::ScopedJoinHandle::join) {
            Ok(Ok(draft)) => draft,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(error) => {
                Err(Failure::new("postman", format!("no thread could be started: {error}")))
            }
        }
    })
}

fn read_collections(
    sources: &[Source],
    options: &Options,
    notes: &mut Notes,
) -> Result<Draft, Failure> {
    let mut collections = Vec::new();
    let mut variables = Variables::default();
    for source in sources {
        let document: Value = serde_json::from_str(&source.text).map_err(|error| {
            let place = format!("{}:{}", source.name, error.line());
            Failure::new(&place, format!("this is no JSON: {error}"))
        })?;
        let document = match document {
            Value::Object(mut members) if members.len() <= 2 => {
                members.remove("collection").unwrap_or(Value::Object(members))
            }
            document => document,
        };
        match role(&document) {
            Some(Role::Collection) => collections.push((source, document)),
            Some(Role::Values { globals }) => variables.declare(&document, globals, source, notes),
            Some(Role::Old) => {
                let message = "this is a collection of version 1, which Postman writes no more; \
                               open it in Postman and export it as version 2.1";
                return Err(Failure::new(&source.name, message));
            }
            None => {
                let message = "this is neither a Postman collection nor an environment nor globals";
                return Err(Failure::new(&source.name, message));
            }
        }
    }
    if collections.is_empty() {
        let name = sources.first().map_or("", |source| source.name.as_str());
        let message = "there is no collection: give it together with its environment";
        return Err(Failure::new(name, message));
    }
    let mut draft = Draft::default();
    if let Some((_, document)) = collections.first().filter(|_| collections.len() == 1) {
        draft.name = text_of(document.pointer("/info/name").or(document.get("name")));
        draft.description = document.pointer("/info/description").and_then(description);
    }
    for (_, document) in &collections {
        variables.declare_collection(document);
        variables.find_set(document);
    }
    let mut steps = Vec::new();
    for (source, document) in &collections {
        let mut reader = Reader::new(source, &mut variables, notes);
        steps.extend(reader.collection(document));
    }
    let variables = variables.finish(options, notes);
    let steps = Draft::of_steps(steps);
    Ok(Draft { variables, scenarios: steps.scenarios, ..draft })
}

fn unwrapped(document: &Value) -> &Value {
    match document.as_object() {
        Some(members) if members.len() <= 2 => members.get("collection").unwrap_or(document),
        _ => document,
    }
}

fn role(document: &Value) -> Option<Role> {
    let members = document.as_object()?;
    let has_list = |key: &str| members.get(key).is_some_and(Value::is_array);
    if has_list("item") {
        return Some(Role::Collection);
    }
    if has_list("requests") && (has_list("order") || has_list("folders")) {
        return Some(Role::Old);
    }
    let values = members.get("values")?.as_array()?;
    let is_variable = |value: &Value| value.get("key").is_some();
    let scope = members.get("_postman_variable_scope").and_then(Value::as_str);
    (scope.is_some() || (!values.is_empty() && values.iter().all(is_variable)))
        .then(|| Role::Values { globals: scope == Some("globals") })
}

/// A description: a text, or an object with one.
fn description(value: &Value) -> Option<String> {
    let text = value.as_str().or_else(|| value.get("content")?.as_str())?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A scalar as text; nothing for `null` and what has members.
fn text_of(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// Whether an entry of a list is switched off.
fn is_disabled(entry: &Value) -> bool {
    entry.get("disabled").and_then(Value::as_bool) == Some(true)
        || entry.get("enabled").and_then(Value::as_bool) == Some(false)
}

#[cfg(test)]
mod tests {
    use crate::broken;

    #[test]
    fn broken_collections_are_refused_or_imported_but_never_end_the_program() {
        for case in [
            "own-shop.json",
            "own-signed.json",
            "newman-request-chaining.json",
            "own-loops.json",
            "own-replies.json",
        ] {
            // Another value, another script, another placeholder.
            broken::survive("postman", case, b"{}[]\",:0$('\\");
        }
    }
}
