//! Whole runs of `ldvm`: a plan out of `tests/cases/run`, and the summary that came of it.

use std::io;
use std::path::PathBuf;

use serde_json::Value;

use crate::cases;
use crate::command::{Call, Folder, Outcome};

/// Where runs write their summary.
const SUMMARY: &str = "summary.json";

/// What came of a run.
#[derive(Debug, Clone)]
pub struct Run {
    /// How the program ended and what it wrote.
    pub outcome: Outcome,
    /// The summary file.
    pub summary: Value,
}

impl Run {
    /// A whole number of the summary, by its place: `/totals/requests`. What is not there is an
    /// error of the test, so it is as far from any count as can be.
    #[must_use]
    pub fn count(&self, pointer: &str) -> u64 {
        self.summary.pointer(pointer).and_then(Value::as_u64).unwrap_or(u64::MAX)
    }

    /// The groups of failures: class, text, how many.
    #[must_use]
    pub fn failures(&self) -> Vec<(String, String, u64)> {
        let text = |error: &Value, key: &str| {
            error.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let errors = self.summary.get("errors").and_then(Value::as_array);
        errors
            .into_iter()
            .flatten()
            .map(|error| {
                let count = error.get("count").and_then(Value::as_u64).unwrap_or(u64::MAX);
                (text(error, "class"), text(error, "text"), count)
            })
            .collect()
    }
}

/// Copies a file of `tests/cases/run` into the folder of a test.
///
/// # Errors
/// When it is not there.
pub fn bring(folder: &Folder, name: &str) -> io::Result<PathBuf> {
    folder.write(name, std::fs::read(cases::folder("run").join(name))?)
}

/// `ldvm run PLAN ARGS`, about to be started, without progress and with a summary file.
///
/// # Errors
/// When the program cannot be built.
pub fn call(folder: &Folder, plan: &str, args: &[&str]) -> io::Result<Call> {
    let call = folder.call("ldvm")?.args(["run", plan, "--no-progress", "--summary", SUMMARY]);
    Ok(call.args(args))
}

/// Runs `ldvm run PLAN ARGS` to its end, which must be a good one: exit code 0, nothing of a panic.
///
/// # Errors
/// When it ends otherwise; the text holds what it wrote.
pub fn run(folder: &Folder, plan: &str, args: &[&str]) -> io::Result<Run> {
    let outcome = call(folder, plan, args)?.run()?;
    if outcome.code != Some(0) || outcome.stderr.contains("panicked") {
        return Err(io::Error::other(format!("{plan} {args:?}: {outcome:#?}")));
    }
    finish(folder, outcome)
}

/// Adds the summary file to the outcome of a run.
///
/// # Errors
/// When there is none.
pub fn finish(folder: &Folder, outcome: Outcome) -> io::Result<Run> {
    Ok(Run { outcome, summary: folder.json(SUMMARY)? })
}
