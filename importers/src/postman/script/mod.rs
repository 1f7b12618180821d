//! Scripts: what they check, take out of replies and set is read out of their syntax tree.
//!
//! Nothing is run. What a script does beyond that is a note with the statement's text.

mod calls;
mod chain;
mod check;
mod eval;
mod methods;
mod operators;
mod value;
mod walk;

use std::cell::OnceCell;
use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::text_of;
use super::variables::Variables;
use crate::draft::Step;
use crate::notes::Notes;

/// Longer scripts are whole libraries, of which no part could be kept.
const MAX_BYTES: usize = 64 << 10;

/// When a script runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listen {
    /// Before the request is sent.
    Before,
    /// When the reply is there.
    After,
}

/// A script of a request or of something it is in.
#[derive(Clone, Debug)]
pub(super) struct Script {
    listen: Listen,
    code: Rc<str>,
    place: String,
    /// What it does; the same for all requests that inherit it.
    compiled: Rc<OnceCell<Compiled>>,
}

/// What scripts do, in the terms of the plan.
#[derive(Clone, Debug, Default)]
pub(super) struct Compiled {
    pub(super) assertions: Vec<Value>,
    pub(super) extract: Vec<Value>,
    set: Vec<(String, Value)>,
    todo: Vec<(String, String)>,
}

impl Compiled {
    /// The blocks that set variables; a block sets each once.
    pub(super) fn sets(&self) -> Vec<Step> {
        let mut blocks: Vec<Map<String, Value>> = Vec::new();
        for (name, value) in &self.set {
            match blocks.last_mut() {
                Some(block) if !block.contains_key(name) => {
                    block.insert(name.clone(), value.clone());
                }
                _ => blocks.push(std::iter::once((name.clone(), value.clone())).collect()),
            }
        }
        let todo = self.todo.iter().map(|(what, source)| Step::todo(what, source));
        blocks.into_iter().map(|block| Step::simple("set", block)).chain(todo).collect()
    }

    fn add(&mut self, other: &Self) {
        for (into, from) in
            [(&mut self.assertions, &other.assertions), (&mut self.extract, &other.extract)]
        {
            for entry in from.iter().filter(|entry| **entry != json!(null)) {
                if !into.contains(entry) {
                    into.push(entry.clone());
                }
            }
        }
        self.set.extend(other.set.iter().cloned());
        self.todo.extend(other.todo.iter().cloned());
    }
}

/// The scripts among the events of an item.
pub(super) fn of_events(events: Option<&Value>, place: &str, notes: &mut Notes) -> Vec<Script> {
    let events: &[Value] = match events {
        Some(Value::Array(events)) => events,
        Some(event @ Value::Object(_)) => std::slice::from_ref(event),
        _ => &[],
    };
    let mut scripts = Vec::new();
    for event in events {
        let listen = match event.get("listen").and_then(Value::as_str) {
            Some("prerequest") => Listen::Before,
            Some("test") => Listen::After,
            other => {
                let what = format!("an event {}", other.unwrap_or_default());
                notes.drop(place, &what, "there are only `prerequest` and `test`");
                continue;
            }
        };
        let script = event.get("script").unwrap_or(&Value::Null);
        let code = match script.get("exec").unwrap_or(script) {
            Value::Array(lines) => {
                let lines: Vec<String> =
                    lines.iter().filter_map(|line| text_of(Some(line))).collect();
                lines.join("\n")
            }
            Value::String(code) => code.clone(),
            _ => String::new(),
        };
        if let Some(from) = script.get("src").and_then(Value::as_str) {
            notes.drop(
                place,
                &format!("the script at {from}"),
                "only scripts in the file are read",
            );
        }
        let place = match listen {
            Listen::Before => format!("{place}, before the request"),
            Listen::After => format!("{place}, tests"),
        };
        if super::is_disabled(event) {
            notes.remark(&place, "a script", "it is switched off");
        } else if !code.trim().is_empty() {
            scripts.push(Script { listen, code: code.into(), place, compiled: Rc::default() });
        }
    }
    scripts
}

/// What the scripts for one of the two moments do, the outermost first.
pub(super) fn run(
    scripts: &[Script],
    listen: Listen,
    variables: &mut Variables,
    notes: &mut Notes,
) -> Compiled {
    let mut all = Compiled::default();
    for script in scripts.iter().filter(|script| script.listen == listen) {
        all.add(script.compiled.get_or_init(|| compile(script, variables, notes)));
    }
    all
}

fn compile(script: &Script, variables: &mut Variables, notes: &mut Notes) -> Compiled {
    if script.code.len() > MAX_BYTES {
        let what = format!("a script of {} bytes", script.code.len());
        notes.drop(&script.place, &what, "it is too long to be looked at");
        return Compiled::default();
    }
    walk::script(&script.code, &script.place, script.listen, variables, notes)
}
