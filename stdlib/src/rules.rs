//! The five rules of the reference's linter, with its texts: what `LD_lint_action` reports.
//!
//! They look at documents of any shape, those included that no compiler accepts. What they say
//! about tasks, `ldc check` says as well (`hardcoded-url`, `oversize-body`).

use serde_json::{Value as Json, json};

use crate::commands::COMMANDS;
use crate::python::quoted;

/// Longer bodies than this many characters are reported.
const MAX_BODY: usize = 1_048_576;

/// What is wrong with a document: objects with `rule`, `severity`, `message` and `location`.
///
/// `known` are the names of all commands; those of this build if there are none.
#[must_use]
pub fn lint(document: &Json, known: Option<&[String]>) -> Vec<Json> {
    let known = known.filter(|names| !names.is_empty());
    let mut findings = Vec::new();
    let list = match document {
        Json::Object(members) => members.get("load_density").unwrap_or(&Json::Null),
        other => other,
    };
    let Some(list) = list.as_array() else {
        return if is_empty(list) { findings } else { vec![not_a_list()] };
    };
    for (at, action) in list.iter().enumerate() {
        let place = format!("actions[{at}]");
        let Some([name, rest @ ..]) = action.as_array().map(Vec::as_slice) else {
            findings.push(finding("invalid-shape", "action must be a non-empty list", place));
            continue;
        };
        let Some(name) = name.as_str() else {
            findings.push(finding("invalid-shape", "action name must be a string", place));
            continue;
        };
        let is_known = known.map_or_else(
            || COMMANDS.iter().any(|command| command.name == name),
            |names| names.iter().any(|known| known == name),
        );
        if name.starts_with("LD_") && !is_known {
            let message = format!(
                "unknown command {}; check spelling or register it via add_command_to_executor",
                quoted(name)
            );
            findings.push(finding("unknown-command", &message, place.clone()));
        }
        if let ("LD_start_test", Some(Json::Object(payload))) = (name, rest.first()) {
            match payload.get("tasks") {
                None | Some(Json::Null) => {
                    let message = "LD_start_test missing 'tasks' key";
                    // Runs of several scenarios have theirs in these.
                    if !payload.contains_key("scenarios") {
                        findings.push(finding("missing-tasks", message, place));
                    }
                }
                Some(tasks) => lint_tasks(tasks, &place, &mut findings),
            }
        }
    }
    findings
}

/// The reference's words about a URL that begins with a scheme and has no placeholder.
#[must_use]
pub fn hardcoded_url(url: &str) -> Option<String> {
    let begins = |scheme: &str| {
        url.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
    };
    let has_placeholder = || {
        let mut holes = url.split("${").skip(1);
        holes.any(|hole| !hole.starts_with('}') && hole.contains('}'))
    };
    let is_hardcoded = (begins("http://") || begins("https://")) && !has_placeholder();
    is_hardcoded
        .then(|| format!("hard-coded URL {}; consider ${{var.base}} placeholder", quoted(url)))
}

/// The reference's words about a body that is text of more than 1 MiB characters.
#[must_use]
pub fn oversize_body(body: &str) -> Option<String> {
    if body.len() <= MAX_BODY {
        return None;
    }
    let length = body.chars().count();
    (length > MAX_BODY)
        .then(|| format!("task body is {length} bytes; consider streaming or a smaller fixture"))
}

fn lint_tasks(tasks: &Json, place: &str, findings: &mut Vec<Json>) {
    match tasks.get("tasks").unwrap_or(tasks) {
        Json::Array(list) => {
            for (at, task) in list.iter().enumerate() {
                lint_task(task, &format!("{place}.tasks[{at}]"), findings);
            }
        }
        Json::Object(members) => {
            for (method, task) in members {
                lint_task(task, &format!("{place}.tasks.{method}"), findings);
            }
        }
        _ => {}
    }
}

fn lint_task(task: &Json, place: &str, findings: &mut Vec<Json>) {
    let text = |names: [&str; 2]| {
        let given = names.iter().filter_map(|name| task.get(name));
        given.into_iter().find(|value| !is_empty(value)).and_then(Json::as_str)
    };
    if let Some(message) = text(["request_url", "url"]).and_then(hardcoded_url) {
        findings.push(warning("hardcoded-url", &message, format!("{place}.request_url")));
    }
    if let Some(message) = text(["data", "json"]).and_then(oversize_body) {
        findings.push(warning("oversize-body", &message, place.to_owned()));
    }
}

/// Whether a value is one that Python takes for false.
fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Bool(value) => !value,
        Json::Number(number) => number.as_f64() == Some(0.0),
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.is_empty(),
    }
}

fn not_a_list() -> Json {
    let message = "top-level action document must be a list or {'load_density': [...]}";
    finding("invalid-shape", message, String::new())
}

fn finding(rule: &str, message: &str, location: String) -> Json {
    json!({"rule": rule, "severity": "error", "message": message, "location": location})
}

fn warning(rule: &str, message: &str, location: String) -> Json {
    json!({"rule": rule, "severity": "warning", "message": message, "location": location})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(document: Json) -> Vec<(String, String)> {
        let text = |finding: &Json, name: &str| finding[name].as_str().unwrap().to_owned();
        let findings = lint(&document, None);
        findings.iter().map(|f| (text(f, "location"), text(f, "message"))).collect()
    }

    fn one(location: &str, message: &str) -> Vec<(String, String)> {
        vec![(location.to_owned(), message.to_owned())]
    }

    #[test]
    fn documents_of_the_wrong_shape_are_told_apart() {
        let top = "top-level action document must be a list or {'load_density': [...]}";
        assert_eq!(found(json!(7)), one("", top));
        assert_eq!(found(json!({"load_density": 7})), one("", top));
        assert_eq!(found(json!([[]])), one("actions[0]", "action must be a non-empty list"));
        assert_eq!(found(json!([{}])), one("actions[0]", "action must be a non-empty list"));
        assert_eq!(
            found(json!([["LD_summary"], [1]])),
            one("actions[1]", "action name must be a string")
        );
        for fine in [json!(null), json!({}), json!([]), json!([["no_such_builtin"]])] {
            assert_eq!(found(fine), []);
        }
    }

    #[test]
    fn unknown_commands_and_runs_without_tasks_are_found() {
        let unknown = "unknown command 'LD_sumary'; check spelling or register it via \
                       add_command_to_executor";
        assert_eq!(found(json!([["LD_sumary"]])), one("actions[0]", unknown));
        let known = vec!["LD_sumary".to_owned()];
        assert!(lint(&json!([["LD_sumary"]]), Some(&known)).is_empty());
        let missing = "LD_start_test missing 'tasks' key";
        assert_eq!(found(json!([["LD_start_test", {}]])), one("actions[0]", missing));
        assert_eq!(found(json!([["LD_start_test", []]])), []);
    }

    #[test]
    fn urls_and_bodies_are_looked_at_in_every_form_of_tasks() {
        let url = "hard-coded URL 'HTTP://h/'; consider ${var.base} placeholder";
        let task = json!({"method": "get", "request_url": "HTTP://h/"});
        for (tasks, place) in [
            (json!([task]), "actions[0].tasks[0].request_url"),
            (json!({"mode": "weighted", "tasks": [task]}), "actions[0].tasks[0].request_url"),
            (json!({"get": task}), "actions[0].tasks.get.request_url"),
        ] {
            assert_eq!(found(json!([["LD_start_test", {"tasks": tasks}]])), one(place, url));
        }
        let task = json!({"url": "http://${host}/", "data": "x".repeat(MAX_BODY + 1)});
        let body = "task body is 1048577 bytes; consider streaming or a smaller fixture";
        assert_eq!(
            found(json!([["LD_start_test", {"tasks": [task]}]])),
            one("actions[0].tasks[0]", body)
        );
    }
}
