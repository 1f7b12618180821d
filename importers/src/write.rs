//! The plan of a draft.

use serde_json::{Map, Value, json};

use crate::draft::{Block, Draft, Scenario, Step, Task};
use crate::notes::Notes;
use crate::options::Options;

/// Arguments that say how many users there are and when they start.
const LOAD: &[&str] = &["user_count", "spawn_rate", "load_shape", "shape_config", "arrival"];

/// The plan as JSON. Members stand in the order in which a person would write them: what is
/// asked for, of whom, with what, and what is expected.
pub(crate) fn plan(draft: &Draft, kind: &str, options: &Options, notes: &Notes) -> Value {
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
    json!({"metadata": metadata, "load_density": [["LD_start_test", run(draft, options)]]})
}

fn run(draft: &Draft, options: &Options) -> Map<String, Value> {
    let alone = match draft.scenarios.as_slice() {
        [alone] => Some(alone),
        _ => None,
    };
    let mut given = draft.run.clone();
    given.extend(alone.map(|scenario| scenario.arguments.clone()).unwrap_or_default());
    if options.users.is_some() {
        given.retain(|key, _| !LOAD.contains(&key.as_str()));
    }

    let mut run = Map::new();
    let http = Speaker { user: &options.user, http: &options.user };
    let of = |scenario: &Scenario| Speaker { user: scenario.user().unwrap_or(http.user), ..http };
    let speaker = alone.map_or(http, of);
    run.insert("user_detail_dict".to_owned(), json!({"user": speaker.user}));
    let load_is_told = |arguments: &Map<String, Value>| {
        ["load_shape", "arrival", "user_count"].iter().any(|key| arguments.contains_key(*key))
    };
    let of_scenarios = draft.scenarios.iter().all(|scenario| load_is_told(&scenario.arguments));
    if options.users.is_some() || !(load_is_told(&given) || of_scenarios) {
        run.insert("user_count".to_owned(), json!(options.users.unwrap_or(10)));
        run.insert("spawn_rate".to_owned(), number(options.spawn_rate.unwrap_or(5.0)));
    } else if let Some(rate) = options.spawn_rate {
        run.insert("spawn_rate".to_owned(), number(rate));
    }
    // `--users` takes away a shape that would have ended the run.
    let is_endless = options.users.is_some()
        && given.get("test_time").is_some_and(Value::is_null)
        && !given.contains_key("iterations")
        && !draft.scenarios.iter().all(|one| one.arguments.contains_key("iterations"));
    match options.duration {
        Some(seconds) => {
            run.insert("test_time".to_owned(), number(seconds));
        }
        // The source says when it ends.
        None if given.contains_key("test_time") && !is_endless => {}
        // A shape or the arrivals end by themselves, and so do users that are told how often.
        None if ["load_shape", "arrival", "iterations"]
            .iter()
            .any(|key| given.contains_key(*key)) => {}
        None => {
            run.insert("test_time".to_owned(), json!(60));
        }
    }
    if !draft.variables.is_empty() {
        run.insert("variables".to_owned(), Value::Object(draft.variables.clone()));
    }
    for (key, value) in given {
        run.entry(key).or_insert(value);
    }
    list(&mut run, "setup", &draft.setup, speaker);
    match alone {
        Some(scenario) => of_users(&mut run, scenario, speaker),
        None => {
            let scenarios = draft.scenarios.iter().map(|scenario| {
                let mut written = scenario.arguments.clone();
                if options.users.is_some() {
                    written.retain(|key, _| !LOAD.contains(&key.as_str()));
                }
                let speaker = of(scenario);
                if speaker.user != http.user {
                    written.insert("user".to_owned(), json!(speaker.user));
                }
                of_users(&mut written, scenario, speaker);
                (scenario.name.clone(), Value::Object(written))
            });
            run.insert("scenarios".to_owned(), Value::Object(scenarios.collect()));
        }
    }
    list(&mut run, "teardown", &draft.teardown, speaker);
    run
}

/// Whose steps are written: tasks of other user types name these.
#[derive(Clone, Copy)]
struct Speaker<'o> {
    /// The user type of the scenario.
    user: &'o str,
    /// The user type of tasks that speak HTTP.
    http: &'o str,
}

/// What users of a kind do.
fn of_users(arguments: &mut Map<String, Value>, scenario: &Scenario, speaker: Speaker<'_>) {
    list(arguments, "on_start", &scenario.on_start, speaker);
    arguments.insert("tasks".to_owned(), steps(&scenario.steps, speaker));
    list(arguments, "on_stop", &scenario.on_stop, speaker);
}

/// A list of steps, unless it is empty.
fn list(arguments: &mut Map<String, Value>, key: &str, list: &[Step], speaker: Speaker<'_>) {
    if !list.is_empty() {
        arguments.insert(key.to_owned(), steps(list, speaker));
    }
}

fn steps(steps: &[Step], speaker: Speaker<'_>) -> Value {
    let written = steps.iter().map(|step| match step {
        Step::Task(task) => self::task(task, speaker),
        Step::Block(block) => self::block(block, speaker),
    });
    written.collect()
}

fn block(block: &Block, speaker: Speaker<'_>) -> Value {
    let mut written = block.head.clone();
    for (key, list) in &block.lists {
        written.insert((*key).to_owned(), steps(list, speaker));
    }
    Value::Object(written)
}

fn task(task: &Task, speaker: Speaker<'_>) -> Value {
    let mut written = Map::new();
    if let Some(name) = &task.name {
        written.insert("name".to_owned(), json!(name));
    }
    let user = task.user.unwrap_or(speaker.http);
    if user != speaker.user {
        written.insert("user".to_owned(), json!(user));
    }
    if !task.method.is_empty() {
        written.insert("method".to_owned(), json!(method(&task.method)));
    }
    if !task.url.is_empty() {
        written.insert("request_url".to_owned(), json!(task.url));
    }
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
