//! What LoadImpact's recordings say beyond HAR: checks of replies, and variables taken out of them.

use serde_json::{Value, json};

use super::context::Context;
use super::model::{Check, Entry, Variable};
use crate::draft::Task;
use crate::notes::Fate;

/// Gives a task the checks and extracts of its entry.
pub(super) fn add(task: &mut Task, entry: &Entry<'_>, context: &mut Context<'_>) {
    for check in &entry.checks.items {
        match assertion(check, context) {
            Some(assertion) => task.assertions.push(assertion),
            None => {
                let why = "it asks for what no assertion can look at";
                context.tally.note(Fate::Dropped, &task.place, "a check", why);
            }
        }
    }
    for variable in &entry.variables.items {
        match extract(variable) {
            Some(extract) => task.extract.push(extract),
            None => {
                let what = format!("the variable `{}`", variable.name.as_str());
                let why = "it is of a kind that is not known";
                context.tally.note(Fate::Dropped, &task.place, &what, why);
            }
        }
    }
}

fn assertion(check: &Check<'_>, context: &Context<'_>) -> Option<Value> {
    let number = |number: Option<f64>| number.unwrap_or_default();
    let (kind, subject) = (number(check.kind.0), number(check.subject.0));
    let (of_body, of_status) = (subject == 0.0, subject == 2.0);
    let (expression, value) = (check.expression.as_str(), context.text(check.value.as_str()));
    if kind == 0.0 {
        let quoted = regex::escape(check.value.as_str());
        return match number(check.condition.0) {
            0.0 if of_body => Some(json!({"type": "contains", "value": value})),
            1.0 if of_body => Some(json!({"type": "not_contains", "value": value})),
            2.0 if of_status => {
                let status: u16 = value.trim().parse().ok()?;
                Some(json!({"type": "status_code", "value": status}))
            }
            2.0 if of_body => Some(json!({"type": "regex", "pattern": format!("\\A{quoted}\\z")})),
            3.0 if of_body => Some(json!({"type": "regex", "pattern": format!("\\A{quoted}")})),
            4.0 if of_body => Some(json!({"type": "regex", "pattern": format!("{quoted}\\z")})),
            _ => None,
        };
    }
    if kind == 1.0 {
        return Some(json!({"type": "json_path", "path": expression, "value": value}));
    }
    if kind == 2.0 {
        return Some(json!({"type": "json_path", "path": expression, "exists": true}));
    }
    let flags = check.flags.as_str().replace(|c: char| !"ims".contains(c), "");
    let pattern = match flags.as_str() {
        "" => expression.to_owned(),
        flags => format!("(?{flags}){expression}"),
    };
    regex::Regex::new(&pattern).ok()?;
    match kind == 3.0 {
        true if of_body => Some(json!({"type": "regex", "pattern": pattern})),
        true if of_status => {
            Some(json!({"type": "status_code", "op": "matches", "value": pattern}))
        }
        _ => None,
    }
}

fn extract(variable: &Variable<'_>) -> Option<Value> {
    let (name, expression) = (variable.name.as_str(), variable.expression.as_str());
    if name.is_empty() {
        return None;
    }
    match variable.kind.0.unwrap_or_default() {
        0.0 => Some(json!({"var": name, "from": "json_path", "path": expression})),
        1.0 => {
            regex::Regex::new(expression).ok()?;
            Some(json!({"var": name, "from": "regex", "pattern": expression}))
        }
        2.0 => Some(json!({"var": name, "from": "css", "selector": expression})),
        _ => None,
    }
}
