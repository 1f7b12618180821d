//! Loops and conditions around requests.

use serde_json::{Map, Value, json};

use super::shell::{Command, Over, Values};
use crate::draft::{Block as Steps, Step, Task};
use crate::notes::Notes;
use crate::options::{Options, ThinkTime};

/// Longer lists of numbers are counted instead of written.
const MOST_WRITTEN: usize = 30;

/// The loops and conditions that a command stands in, and the steps in them.
#[derive(Debug)]
pub(super) struct Blocks {
    open: Vec<Block>,
    /// Of the script, and of each loop that is kept, the innermost last.
    steps: Vec<Vec<Step>>,
}

#[derive(Debug)]
struct Block {
    is_loop: bool,
    place: String,
    what: String,
    /// What it goes through, when the plan does so, too.
    over: Option<Over>,
    /// Whether its condition is behind us.
    entered: bool,
    /// Whether there are requests in it.
    asks: bool,
}

impl Default for Blocks {
    fn default() -> Self {
        Self { open: Vec::new(), steps: vec![Vec::new()] }
    }
}

impl Blocks {
    /// Enters and leaves blocks as the words before a command say; notes those with requests.
    pub(super) fn pass(&mut self, command: &Command, place: &str, notes: &mut Notes) {
        for (at, keyword) in command.keywords.iter().enumerate() {
            match keyword.as_str() {
                "for" | "while" | "until" | "if" | "case" => {
                    let is_last = at + 1 == command.keywords.len();
                    let over = command.over.clone().filter(|_| is_last);
                    if over.is_some() {
                        self.steps.push(Vec::new());
                    }
                    self.open.push(Block {
                        is_loop: !matches!(keyword.as_str(), "if" | "case"),
                        place: place.to_owned(),
                        what: keyword.clone(),
                        over,
                        entered: keyword == "case",
                        asks: false,
                    });
                }
                "do" | "then" | "else" => {
                    if let Some(block) = self.open.last_mut() {
                        block.entered = true;
                    }
                }
                "done" | "fi" | "esac" => {
                    if let Some(block) = self.open.pop() {
                        self.leave(block, notes);
                    }
                }
                _ => {}
            }
        }
    }

    /// There are requests here.
    pub(super) fn ask(&mut self, tasks: Vec<Task>) {
        for block in &mut self.open {
            block.asks |= block.entered;
        }
        if let Some(steps) = self.steps.last_mut() {
            steps.extend(tasks.into_iter().map(Into::into));
        }
    }

    /// There is a pause here; in a loop that is not kept it is one for something to happen.
    pub(super) fn wait(&mut self, seconds: f64, options: &Options) {
        let factor = match options.think_time {
            ThinkTime::None => return,
            ThinkTime::Scaled(factor) => factor,
            ThinkTime::AsWritten | ThinkTime::Recorded => 1.0,
        };
        let is_kept = self.open.iter().all(|block| !block.is_loop || block.over.is_some());
        if let Some(steps) = self.steps.last_mut().filter(|steps| is_kept && !steps.is_empty()) {
            steps.push(Step::simple("pause", json!(seconds * factor)));
        }
    }

    /// The steps of the script.
    pub(super) fn done(self) -> Vec<Step> {
        self.steps.into_iter().flatten().collect()
    }

    fn leave(&mut self, block: Block, notes: &mut Notes) {
        let inner = match block.over {
            Some(_) => self.steps.pop().unwrap_or_default(),
            None => Vec::new(),
        };
        if let (Some(over), false) = (&block.over, inner.is_empty()) {
            notes.keep();
            if let Some(outer) = self.steps.last_mut() {
                outer.extend(round(over, inner));
            }
        } else if block.asks {
            let why = if block.is_loop {
                "its requests are made once"
            } else {
                "the requests of all its branches are made"
            };
            notes.approximate(&block.place, &block.what, why);
        }
    }
}

/// The steps of a loop.
fn round(over: &Over, steps: Vec<Step>) -> Vec<Step> {
    let placeholder = format!("${{{}}}", over.variable);
    let is_used = format!("{steps:?}").contains(&placeholder);
    let values = match &over.values {
        Values::Taken(list) => json!(list),
        Values::Known(values) if !is_used => {
            return vec![Step::block("repeat", values.len(), steps)];
        }
        Values::Known(values) => {
            if let Some(first) = counted(values) {
                return counting(&over.variable, first, values.len(), steps);
            }
            values
                .iter()
                .map(|value| number(value).map_or_else(|| json!(value), |n| json!(n)))
                .collect()
        }
    };
    let head = [("foreach", values), ("as", json!(over.variable))];
    let head: Map<String, Value> =
        head.map(|(key, value)| (key.to_owned(), value)).into_iter().collect();
    vec![Step::Block(Steps { head, lists: vec![("tasks", steps)] })]
}

/// A loop that counts from a number on.
fn counting(variable: &str, first: i64, rounds: usize, mut steps: Vec<Step>) -> Vec<Step> {
    let set = |value: Value| Step::simple("set", Map::from_iter([(variable.to_owned(), value)]));
    steps.insert(0, set(json!({"expr": format!("{variable} + 1")})));
    vec![set(json!(first - 1)), Step::block("repeat", rounds, steps)]
}

/// The first of many numbers that come one after the other.
fn counted(values: &[String]) -> Option<i64> {
    let first = number(values.first()?)?;
    let is_next = |(at, value): (i64, &String)| number(value) == Some(first + at);
    (values.len() > MOST_WRITTEN && (0..).zip(values).all(is_next)).then_some(first)
}

/// A number that is written as a plan writes it.
fn number(text: &str) -> Option<i64> {
    text.parse::<i64>().ok().filter(|number| number.to_string() == text)
}
