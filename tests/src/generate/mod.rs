//! Random valid plans, for what holds of every plan: blocks in blocks, expressions, checks,
//! extracts, data and functions. The same seed gives the same plan.
//!
//! | module | makes up |
//! |---|---|
//! | here | the document and its blocks |
//! | `task` | requests, checks, extracts |
//! | `value` | placeholders, texts, expressions |

mod task;
mod value;

use serde_json::{Map, Value, json};

/// How deep blocks stand in blocks.
const DEPTH: u32 = 3;

/// A plan whose data files are `users.csv` and `items.csv` of the compile cases.
#[must_use]
pub fn plan(seed: u64) -> Value {
    let mut maker = Maker { rng: fastrand::Rng::with_seed(seed), names: 0 };
    let mut run = json!({
        "user_detail_dict": {"user": "fast_http_user"},
        "host": "http://127.0.0.1:8080",
        "user_count": 1 + maker.rng.u32(..20),
        "test_time": 60,
        "wait_time": maker.pause(),
        "variables": {
            "n": maker.rng.i32(-5..100), "ratio": 0.5, "flag": maker.rng.bool(),
            "word": maker.literal(), "ids": [7, "x", 2.5, {"a": [1]}], "count": 0,
        },
        "csv_sources": [{"name": "users", "file_path": "users.csv"}],
        "data_sources": [{"name": "items", "file_path": "items.csv", "on_end": "cycle"}],
    });
    let tasks = maker.steps(DEPTH);
    let tasks = if maker.one_in(4) {
        let mode = maker.choose(&["sequence", "weighted"]);
        // What is picked by weight is one task at a time.
        json!({"mode": mode, "tasks": tasks})
    } else {
        tasks
    };
    if let Some(run) = run.as_object_mut() {
        run.insert("tasks".to_owned(), tasks);
        if maker.one_in(3) {
            run.insert("on_start".to_owned(), maker.steps(1));
        }
    }
    json!({"load_density": [["LD_start_test", run]]})
}

/// Leaves out of a plan what it can do without and still `fails`.
pub fn shrink(mut plan: Value, mut fails: impl FnMut(&Value) -> bool) -> Value {
    let mut at = 0;
    // Every part is tried once; what follows one that was left out has its number then.
    while let Some(smaller) = without(&plan, at) {
        if fails(&smaller) {
            plan = smaller;
        } else {
            at += 1;
        }
    }
    plan
}

/// A value without the part of this number, outer parts first; `None` when there are not so
/// many.
fn without(value: &Value, number: usize) -> Option<Value> {
    let mut left = number;
    let mut copy = value.clone();
    remove(&mut copy, &mut left).then_some(copy)
}

fn remove(value: &mut Value, left: &mut usize) -> bool {
    match value {
        Value::Array(items) => {
            if *left < items.len() {
                items.remove(*left);
                return true;
            }
            *left -= items.len();
            items.iter_mut().any(|item| remove(item, left))
        }
        Value::Object(members) => {
            let key = members.keys().nth(*left).cloned();
            if let Some(key) = key {
                members.shift_remove(&key);
                return true;
            }
            *left -= members.len();
            members.values_mut().any(|member| remove(member, left))
        }
        _ => false,
    }
}

/// Makes up what plans are made of.
struct Maker {
    rng: fastrand::Rng,
    /// How many things got a name.
    names: u32,
}

impl Maker {
    fn one_in(&mut self, count: u32) -> bool {
        self.rng.u32(..count) == 0
    }

    fn choose<T: Copy + Default>(&mut self, among: &[T]) -> T {
        self.rng.choice(among).copied().unwrap_or_default()
    }

    fn name(&mut self, kind: &str) -> String {
        self.names += 1;
        format!("{kind} {}", self.names)
    }

    /// Seconds, fixed or drawn.
    fn pause(&mut self) -> Value {
        match self.rng.u32(..3) {
            0 => json!(0),
            1 => json!(0.25),
            _ => json!({"min": 0.1, "max": 0.9}),
        }
    }

    /// A few steps, at least one.
    fn steps(&mut self, depth: u32) -> Value {
        let count = self.rng.u32(1..4);
        let mut steps = vec![self.task()];
        steps.extend((1..count).map(|_| self.step(depth)));
        self.rng.shuffle(&mut steps);
        Value::Array(steps)
    }

    fn step(&mut self, depth: u32) -> Value {
        if depth == 0 || self.one_in(3) {
            return self.task();
        }
        let mut block = self.block(depth - 1);
        if let Some(block) = block.as_object_mut() {
            self.conditions(block);
        }
        block
    }

    /// Sometimes what decides whether a step is taken.
    fn conditions(&mut self, step: &mut Map<String, Value>) {
        if self.one_in(5) {
            let key = self.choose(&["run_if", "skip_if"]);
            let condition = match self.rng.u32(..4) {
                0 => json!({"equals": [self.placeholder(), self.literal()]}),
                1 => json!({"in": [self.placeholder(), ["a", "acme", 2]]}),
                2 => json!(self.placeholder()),
                _ => json!({"expr": self.condition(2)}),
            };
            step.insert(key.to_owned(), condition);
        }
    }

    fn block(&mut self, depth: u32) -> Value {
        match self.rng.u32(..12) {
            0 => json!({"if": self.condition(2), "then": self.steps(depth)}),
            1 => json!({
                "if": self.condition(2), "then": self.steps(depth), "else": self.steps(depth)
            }),
            2 => json!({"repeat": self.rng.u32(1..4), "tasks": self.steps(depth)}),
            3 => {
                let rounds = self.rng.u32(1..4);
                let condition = format!("count < 3 and {}", self.condition(1));
                let mut steps = self.steps(depth);
                if let Some(steps) = steps.as_array_mut() {
                    steps.push(json!({"set": {"count": {"expr": "count + 1"}}}));
                }
                json!({"while": condition, "max_iterations": rounds, "tasks": steps})
            }
            4 => {
                let list = self.choose(&["${ids}", "${seen_list}"]);
                json!({"foreach": list, "as": "item", "tasks": self.steps(depth)})
            }
            5 => json!({"group": self.name("group"), "tasks": self.steps(depth)}),
            6 => json!({"once": self.steps(depth)}),
            7 => json!({self.choose(&["random", "interleave"]): self.steps(depth)}),
            8 => json!({"pick": [
                {"percent": 30, "tasks": self.steps(depth)},
                {"percent": 45.5, "tasks": self.steps(depth)},
            ]}),
            9 => json!({"log": self.text()}),
            10 => json!({"pause": self.pause()}),
            _ => {
                let variable = self.choose(&["n", "word", "fresh", "count"]);
                let value = match self.rng.u32(..3) {
                    0 => json!({"expr": self.number(2)}),
                    1 => json!(self.text()),
                    _ => json!(self.rng.u32(..9)),
                };
                json!({"set": {variable: value}})
            }
        }
    }
}
