//! Scripts: what they check, take out of replies and set is read out of their syntax tree.
//!
//! Nothing is run. What a script does beyond that is a note with the statement's text.

mod calls;
mod chain;
mod check;
mod eval;
mod methods;
mod operators;
mod send;
mod value;
mod walk;

use std::cell::OnceCell;
use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::text_of;
use super::variables::Variables;
use crate::draft::{Step, Task};
use crate::notes::Notes;
use crate::source::Source;

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
    /// What else it does, in order.
    did: Vec<Did>,
    /// Where the run goes on after the request, when it says so.
    pub(super) next: Option<Next>,
    /// Whether the request is not made at all.
    pub(super) skips: bool,
}

/// Something that a script does besides looking at the reply.
#[derive(Clone, Debug)]
enum Did {
    /// Sets a variable.
    Set(String, Value),
    /// Makes a request of its own.
    Sent(Box<Task>),
    /// Something that no step can do: what, and the text of the script.
    Todo(String, String),
}

/// Where a run goes on.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Next {
    /// At the request of this name or id.
    Request(String),
    /// Nowhere: the iteration ends.
    End,
}

impl Compiled {
    /// The steps of what it does; a block sets each variable once.
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut block = Map::new();
        for did in &self.did {
            let step: Step = match did {
                Did::Set(name, value) => {
                    if block.contains_key(name) {
                        steps.push(Step::simple("set", std::mem::take(&mut block)));
                    }
                    block.insert(name.clone(), value.clone());
                    continue;
                }
                Did::Sent(task) => Step::Task(task.clone()),
                Did::Todo(what, source) => Step::todo(what, source),
            };
            if !block.is_empty() {
                steps.push(Step::simple("set", std::mem::take(&mut block)));
            }
            steps.push(step);
        }
        if !block.is_empty() {
            steps.push(Step::simple("set", block));
        }
        steps
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
        self.did.extend(other.did.iter().cloned());
        self.next = other.next.clone().or(self.next.take());
        self.skips |= other.skips;
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
    source: &Source,
    variables: &mut Variables,
    notes: &mut Notes,
) -> Compiled {
    let mut all = Compiled::default();
    for script in scripts.iter().filter(|script| script.listen == listen) {
        all.add(script.compiled.get_or_init(|| compile(script, source, variables, notes)));
    }
    all
}

fn compile(
    script: &Script,
    source: &Source,
    variables: &mut Variables,
    notes: &mut Notes,
) -> Compiled {
    if script.code.len() > MAX_BYTES {
        let what = format!("a script of {} bytes", script.code.len());
        notes.drop(&script.place, &what, "it is too long to be looked at");
        return Compiled::default();
    }
    walk::script(script, source, variables, notes)
}
