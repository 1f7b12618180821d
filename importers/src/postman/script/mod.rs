//! Scripts: what they check, take out of replies and set is read out of their syntax tree.
//!
//! Nothing is run. What a script does beyond that is a note with the statement's text.

mod calls;
mod chain;
mod check;
mod crypto;
mod derive;
mod eval;
mod flow;
mod functions;
mod lists;
mod methods;
mod operators;
mod outgoing;
mod send;
mod set;
mod value;
mod walk;

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::text_of;
use super::variables::Variables;

pub(super) use self::flow::negated;
pub(super) use self::outgoing::apply;
use crate::draft::{Block, Step, Task};
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
    /// Where it goes on under conditions.
    pub(super) jumps: Vec<Jump>,
    /// What it changes in the request.
    pub(super) changes: Vec<Change>,
    /// Whether the request is not made at all.
    pub(super) skips: bool,
    /// When it is not made.
    pub(super) skip_if: Option<String>,
}

/// Something that a script does besides looking at the reply.
#[derive(Clone, Debug)]
enum Did {
    /// Sets a variable.
    Set(String, Value),
    /// Makes a request of its own.
    Sent(Rc<RefCell<Task>>),
    /// Waits, in seconds.
    Pause(f64),
    /// Does the first when an expression holds, else the second.
    If(String, Vec<Did>, Vec<Did>),
    /// Something that no step can do: what, and the text of the script.
    Todo(String, String),
}

/// A change of the request that is about to be made.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// A header is removed, set, or with `adds` comes besides others of that name.
    Header {
        name: String,
        value: Option<String>,
        adds: bool,
    },
    /// A parameter of the query is removed, added, or with `replaces` set.
    Query {
        name: String,
        value: Option<String>,
        replaces: bool,
    },
    Body(String),
}

/// Where a run goes on when an expression holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Jump {
    pub(super) when: String,
    pub(super) next: Next,
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
    /// The steps of what it does.
    pub(super) fn steps(&self) -> Vec<Step> {
        steps_of(&self.did)
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
        if other.next.is_some() {
            self.jumps.clear();
        }
        self.next = other.next.clone().or(self.next.take());
        self.jumps.extend(other.jumps.iter().cloned());
        self.changes.extend(other.changes.iter().cloned());
        self.skips |= other.skips;
        self.skip_if = match (self.skip_if.take(), other.skip_if.clone()) {
            (Some(one), Some(other)) => Some(format!("({one}) or ({other})")),
            (one, other) => one.or(other),
        };
    }
}

/// The steps of what a script does; a block sets each variable once, and none that one of its
/// own values needs.
fn steps_of(dids: &[Did]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut block = Map::new();
    for did in dids {
        let step: Step = match did {
            Did::Set(name, value) => {
                let text = value.to_string();
                let needs = |(known, _): (&String, &Value)| mentions(&text, known);
                if block.contains_key(name) || block.iter().any(needs) {
                    steps.push(Step::simple("set", std::mem::take(&mut block)));
                }
                block.insert(name.clone(), value.clone());
                continue;
            }
            Did::Sent(task) => Step::Task(Box::new(task.borrow().clone())),
            Did::Todo(what, source) => Step::todo(what, source),
            Did::Pause(seconds) => Step::simple("pause", json!(seconds)),
            Did::If(expression, then, otherwise) => {
                let (then, otherwise) = (steps_of(then), steps_of(otherwise));
                match (then.is_empty(), otherwise.is_empty()) {
                    (true, _) => Step::block("if", negated(expression), otherwise),
                    (false, true) => Step::block("if", expression.as_str(), then),
                    (false, false) => Step::Block(Block {
                        head: Map::from_iter([("if".to_owned(), json!(expression))]),
                        lists: vec![("tasks", then), ("else", otherwise)],
                    }),
                }
            }
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

/// Whether a text has a name in it.
fn mentions(text: &str, name: &str) -> bool {
    let is_letter = |char: char| char.is_ascii_alphanumeric() || char == '_';
    text.split(|char| !is_letter(char)).any(|word| word == name)
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
    item: &Value,
    source: &Source,
    variables: &mut Variables,
    notes: &mut Notes,
) -> Compiled {
    let mut all = Compiled::default();
    for script in scripts.iter().filter(|script| script.listen == listen) {
        // What it does may depend on the request.
        if script.code.contains("pm.request") || script.code.contains("pm.info") {
            all.add(&compile(script, item, source, variables, notes));
            continue;
        }
        all.add(script.compiled.get_or_init(|| compile(script, item, source, variables, notes)));
    }
    all
}

fn compile(
    script: &Script,
    item: &Value,
    source: &Source,
    variables: &mut Variables,
    notes: &mut Notes,
) -> Compiled {
    if script.code.len() > MAX_BYTES {
        let what = format!("a script of {} bytes", script.code.len());
        notes.drop(&script.place, &what, "it is too long to be looked at");
        return Compiled::default();
    }
    walk::script(script, item, source, variables, notes)
}
