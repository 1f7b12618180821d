//! The tools that are compared, one row each: what it is called, how it is
//! started for a job, and where it tells how many requests it made.

mod h2load;
mod hey;
mod k6;
pub mod ldvm;

mod locust;
mod oha;
mod wrk;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::case::{Case, Work};
use crate::process::Finished;

/// A tool of the comparison.
#[derive(Debug)]
pub struct Tool {
    /// Name of the tool and of its program.
    pub name: &'static str,
    /// Arguments that make it tell its version; none when it cannot.
    pub version: &'static [&'static str],
    /// How a machine without it gets it.
    pub install: &'static str,
    /// Adds the arguments of a job to the tool's command.
    pub arguments: fn(&mut Command, &Job<'_>),
    /// Reads the outcome of a job.
    pub count: fn(&Job<'_>, &Finished) -> Result<Count>,
}

/// All tools: ours, the one the others are related to, then the rest by speed.
pub static TOOLS: &[Tool] =
    &[ldvm::TOOL, wrk::TOOL, h2load::TOOL, oha::TOOL, hey::TOOL, k6::TOOL, locust::TOOL];

/// The tool whose CPU time per request the others are divided by.
pub const YARDSTICK: &str = "wrk";

/// One run of one tool.
#[derive(Debug)]
pub struct Job<'a> {
    /// What is asked.
    pub case: &'a Case,
    /// Scheme, address and port of the server.
    pub origin: &'a str,
    /// How long.
    pub seconds: u32,
    /// A folder for what the tool writes.
    pub scratch: &'a Path,
}

impl Job<'_> {
    /// The address a tool without scripts asks for.
    #[must_use]
    pub fn plain_url(&self) -> String {
        format!("{}{}", self.origin, self.case.plain_path())
    }

    /// The script of this case in `bench/peers`, for tools that have one per kind of work.
    fn script(&self, tool: &str, extension: &str) -> String {
        let work = match self.case.work {
            Work::Get => "get",
            Work::Post => "post",
            Work::Flow => "flow",
        };
        format!("peers/{tool}_{work}.{extension}")
    }
}

/// What a tool says it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Requests answered, failed ones included.
    pub requests: u64,
    /// Requests that failed, by a check or on the way.
    pub errors: u64,
}

/// The first number in the text between `before` and `after`.
fn number_between(text: &str, before: &str, after: &str) -> Option<u64> {
    let (_, rest) = text.split_once(before)?;
    let (number, _) = rest.split_once(after)?;
    number.trim().parse().ok()
}

/// Reads a JSON file the tool wrote into the scratch folder.
fn json_file(job: &Job<'_>, name: &str) -> Result<serde_json::Value> {
    let file = job.scratch.join(name);
    let bytes = std::fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("reading {}", file.display()))
}

/// The number at a JSON pointer.
fn number_at(json: &serde_json::Value, pointer: &str) -> Result<u64> {
    let value = json.pointer(pointer).and_then(serde_json::Value::as_f64);
    value.map(|number| number as u64).with_context(|| format!("no number at {pointer}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_the_yardstick_is_among_them() {
        let mut names: Vec<&str> = TOOLS.iter().map(|tool| tool.name).collect();
        assert!(names.contains(&YARDSTICK));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TOOLS.len());
    }
}
