//! What actions come to: typed records, and the result map that the reference gives.

use std::fmt;

use ld_stdlib::python::{Exception, Value, quoted};
use serde_json::{Map, Value as Json, json};

/// How an action went.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionRecord {
    /// Its position in its list of actions, from 0.
    pub index: usize,
    /// The command's name.
    pub command: String,
    /// The file it stands in, when that is another than the plan's.
    pub file: Option<String>,
    /// Its line there, from 1.
    pub line: u32,
    /// Its notation as a Python literal, if the program has it.
    pub written: Option<String>,
    /// What it gave back.
    pub outcome: Result<Outcome, ActionError>,
}

/// What an action that went well gives back.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// A value.
    Value(Value),
    /// How the actions inside it went.
    Records(Vec<ActionRecord>),
    /// How the actions of each of its files went.
    Files(Vec<ActionRecord>),
}

/// Why an action failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionError {
    /// What happened, as the reference would raise it.
    pub exception: Exception,
    /// Whether this machine is to blame rather than the plan: a run could not start or go on.
    pub infrastructure: bool,
}

impl ActionError {
    /// A failure of the action.
    #[must_use]
    pub fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Exception::new(kind, message).into()
    }
}

impl From<Exception> for ActionError {
    fn from(exception: Exception) -> Self {
        Self { exception, infrastructure: false }
    }
}

impl fmt::Display for ActionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.exception.message)
    }
}

impl ActionRecord {
    /// The records of the actions inside it.
    #[must_use]
    pub fn inner(&self) -> &[Self] {
        match &self.outcome {
            Ok(Outcome::Records(records) | Outcome::Files(records)) => records,
            _ => &[],
        }
    }

    /// Calls `look` with every failed action, those inside others included.
    pub fn each_failure<'r>(&'r self, look: &mut impl FnMut(&'r Self, &'r ActionError)) {
        if let Err(error) = &self.outcome {
            look(self, error);
        }
        self.inner().iter().for_each(|inner| inner.each_failure(look));
    }

    /// What the action gave back, in the reference's terms: a failure is its exception, actions
    /// inside it are their map.
    #[must_use]
    pub fn legacy(&self) -> Value {
        match &self.outcome {
            Ok(Outcome::Value(value)) => value.clone(),
            Ok(Outcome::Records(records)) => legacy_map(records),
            Ok(Outcome::Files(files)) => {
                Value::List(files.iter().map(|file| legacy_map(file.inner())).collect())
            }
            Err(error) => Value::Str(error.exception.to_string()),
        }
    }

    /// The record as JSON, described in `docs/results.md`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut record = Map::new();
        record.insert("index".into(), self.index.into());
        record.insert("command".into(), self.command.clone().into());
        if let Some(file) = &self.file {
            record.insert("file".into(), file.clone().into());
        }
        record.insert("line".into(), self.line.into());
        record.insert("ok".into(), self.outcome.is_ok().into());
        match &self.outcome {
            Ok(Outcome::Value(value)) => {
                record.insert("value".into(), value.to_json());
            }
            Ok(Outcome::Records(records) | Outcome::Files(records)) => {
                record.insert("records".into(), records.iter().map(Self::to_json).collect());
            }
            Err(ActionError { exception, infrastructure }) => {
                let error = json!({
                    "type": exception.kind,
                    "message": exception.message,
                    "infrastructure": infrastructure,
                });
                record.insert("error".into(), error);
            }
        }
        Json::Object(record)
    }

    /// The key of the action in a result map.
    fn key(&self) -> String {
        match &self.written {
            Some(written) => format!("execute: {written}"),
            None => format!("execute: [{}]", quoted(&self.command)),
        }
    }
}

/// The result map of a list of actions: `execute: ['max', [1, 2]]` and what it gave. An action
/// that is written like an earlier one has ` #2`, ` #3` behind its key.
#[must_use]
pub fn legacy_map(records: &[ActionRecord]) -> Value {
    let mut counts = std::collections::HashMap::new();
    let entries = records.iter().map(|record| {
        let key = record.key();
        let count = counts.entry(key.clone()).or_insert(0_u32);
        *count += 1;
        let key = if *count == 1 { key } else { format!("{key} #{count}") };
        (key, record.legacy())
    });
    Value::Dict(entries.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(written: &str, outcome: Result<Outcome, ActionError>) -> ActionRecord {
        ActionRecord {
            index: 0,
            command: "max".into(),
            file: None,
            line: 1,
            written: Some(written.into()),
            outcome,
        }
    }

    #[test]
    fn a_result_map_has_every_action_under_its_notation() {
        let two = || Ok(Outcome::Value(Value::Int(2)));
        let failed = ActionError::new("ValueError", "max() iterable argument is empty");
        let records = [
            record("['max', [1, 2]]", two()),
            record("['max', [[]]]", Err(failed)),
            record("['max', [1, 2]]", two()),
            record(
                "['LD_execute_action', [[['max', [1, 2]]]]]",
                Ok(Outcome::Records(vec![record("['max', [1, 2]]", two())])),
            ),
        ];
        let expected = r#"{"execute: ['max', [1, 2]]": 2, "execute: ['max', [[]]]": "ValueError('max() iterable argument is empty')", "execute: ['max', [1, 2]] #2": 2, "execute: ['LD_execute_action', [[['max', [1, 2]]]]]": {"execute: ['max', [1, 2]]": 2}}"#;
        assert_eq!(legacy_map(&records).to_string(), expected);
    }

    #[test]
    fn failures_inside_others_are_found() {
        let failed = ActionError::new("TypeError", "no");
        let inner = record("", Err(failed));
        let outer =
            record("", Ok(Outcome::Files(vec![record("", Ok(Outcome::Records(vec![inner])))])));
        let mut failures = 0;
        outer.each_failure(&mut |_, _| failures += 1);
        assert_eq!(failures, 1);
        assert_eq!(outer.to_json()["records"][0]["records"][0]["error"]["type"], "TypeError");
    }
}
