//! What a script changes in the request that is about to be made: `pm.request`.

use oxc_span::Span;
use serde_json::{Value as Json, json};

use super::value::Val;
use super::walk::Walk;
use super::{Change, Listen};
use crate::body;
use crate::draft::Task;

impl Walk<'_> {
    /// Takes in a call that changes the request; whether it is one.
    pub(super) fn change(&mut self, name: &str, arguments: &[Val], span: Span) -> bool {
        let Some(name) = name.strip_prefix("pm.request.") else { return false };
        let first = arguments.first().cloned().unwrap_or(Val::Undefined);
        let changes = match name {
            "headers.add" | "headers.upsert" | "addHeader" | "upsertHeader" => {
                let adds = name == "headers.add" || name == "addHeader";
                let pair = self.pairs(&first, ":").into_iter().next();
                pair.map(|(name, value)| vec![Change::Header { name, value: Some(value), adds }])
            }
            "headers.remove" | "removeHeader" => first.as_text().map(|name| {
                vec![Change::Header { name: name.to_owned(), value: None, adds: false }]
            }),
            "url.query.add" | "url.query.upsert" | "addQueryParams" | "url.addQueryParams" => {
                let pairs = self.pairs(&first, "=").into_iter();
                let replaces = name.ends_with("upsert");
                let all: Vec<Change> = pairs
                    .map(|(name, value)| Change::Query { name, value: Some(value), replaces })
                    .collect();
                Some(all).filter(|all| !all.is_empty())
            }
            "url.query.remove" | "removeQueryParams" | "url.removeQueryParams" => {
                first.as_text().map(|name| {
                    vec![Change::Query { name: name.to_owned(), value: None, replaces: true }]
                })
            }
            "body.update" => {
                let raw = match &first {
                    Val::Const(Json::Object(members)) | Val::Tree(Json::Object(members)) => {
                        members.get("raw").map(|raw| match (raw, &first) {
                            (Json::String(text), Val::Tree(_)) => Val::Text(text.clone()),
                            (raw, _) => Val::Const(raw.clone()),
                        })
                    }
                    _ => Some(first),
                };
                raw.and_then(|raw| self.text(&raw)).map(|text| vec![Change::Body(text)])
            }
            _ => return false,
        };
        self.changed(changes, span);
        true
    }

    /// Gives the request another body.
    pub(super) fn change_body(&mut self, body: &Val, span: Span) {
        let text = self.text(body);
        self.changed(text.map(|text| vec![Change::Body(text)]), span);
    }

    fn changed(&mut self, changes: Option<Vec<Change>>, span: Span) {
        match changes {
            Some(changes) if self.listen == Listen::Before && self.path.is_empty() => {
                self.notes.keep();
                for change in &changes {
                    let (Change::Header { value, .. } | Change::Query { value, .. }) = change
                    else {
                        continue;
                    };
                    self.variables.declare_mentioned(&json!(value));
                }
                self.compiled.changes.extend(changes);
            }
            Some(_) => self.drop(span, "it is not the same for each request; write it by hand"),
            None => self.drop(span, "what it is changed to is known only to the script"),
        }
    }

    /// Names and values: of an object with `key` and `value`, a list of them, or a text.
    fn pairs(&mut self, given: &Val, between: &str) -> Vec<(String, String)> {
        match given {
            Val::Const(Json::String(text)) => {
                let text = self.variables.text(text);
                let split = |pair: &str| {
                    let (name, value) = pair.split_once(between).unwrap_or((pair, ""));
                    (name.trim().to_owned(), value.trim().to_owned())
                };
                let marks: &[char] = if between == "=" { &['&'] } else { &[] };
                text.split(marks).map(split).collect()
            }
            Val::Text(text) => {
                let pair = text.split_once(between);
                let pair =
                    pair.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
                pair.into_iter().collect()
            }
            Val::Const(Json::Array(_)) | Val::Tree(Json::Array(_)) => {
                let items = super::lists::items(given).unwrap_or_default();
                items.iter().flat_map(|item| self.pairs(item, between)).collect()
            }
            Val::Const(Json::Object(members)) => {
                let key = members.get("key").and_then(Json::as_str);
                let value = members.get("value").map(|value| Val::Const(value.clone()));
                let value = self.text(&value.unwrap_or(Val::Undefined)).unwrap_or_default();
                key.map(|key| (key.to_owned(), value)).into_iter().collect()
            }
            Val::Tree(Json::Object(members)) => {
                let key = members.get("key").and_then(Json::as_str);
                let value = match members.get("value") {
                    Some(Json::String(text)) => text.clone(),
                    Some(value) => value.to_string(),
                    None => String::new(),
                };
                key.map(|key| (key.to_owned(), value)).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Makes the changes of a script in its request.
pub(in crate::postman) fn apply(changes: &[Change], task: &mut Task) {
    for change in changes {
        match change {
            Change::Header { name, value, adds } => {
                if !adds || value.is_none() {
                    task.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
                }
                if name.eq_ignore_ascii_case("authorization") {
                    task.fields.shift_remove("auth");
                }
                task.headers.extend(value.clone().map(|value| (name.clone(), value)));
            }
            Change::Query { name, value, replaces } => {
                let (before, query) = task.url.split_once('?').unwrap_or((&task.url, ""));
                let mut pairs: Vec<String> = query
                    .split('&')
                    .filter(|pair| !pair.is_empty())
                    .filter(|pair| !replaces || pair.split('=').next() != Some(name))
                    .map(str::to_owned)
                    .collect();
                pairs.extend(value.as_ref().map(|value| format!("{name}={}", blanks(value))));
                let mark = if pairs.is_empty() { "" } else { "?" };
                task.url = format!("{before}{mark}{}", pairs.join("&"));
            }
            Change::Body(text) => {
                for field in ["json", "data", "files", "graphql", "body_file"] {
                    task.fields.shift_remove(field);
                }
                if body::header(task, "content-type").is_none() {
                    task.headers.push(("Content-Type".to_owned(), "text/plain".to_owned()));
                }
                body::set_text(task, text);
            }
        }
    }
}

/// A value with its blanks encoded, but for those in placeholders.
fn blanks(value: &str) -> String {
    if value.contains("${") { value.to_owned() } else { value.replace(' ', "%20") }
}
