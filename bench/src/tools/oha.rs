//! oha: tokio and hyper, on one thread.

use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Count, Job, Tool};
use crate::case::Transport;

pub(super) const TOOL: Tool = Tool {
    name: "oha",
    version: &["--version"],
    install: "cargo install oha",
    arguments,
    count: |_, finished| read(&finished.stdout),
};

fn arguments(command: &mut Command, job: &Job<'_>) {
    command
        .args(["--no-tui", "--output-format", "json"])
        .args(["-c", &job.case.users.to_string()])
        .args(["-z", &format!("{}s", job.seconds)]);
    if job.case.transport != Transport::Plain {
        command.arg("--insecure");
    }
    if job.case.transport == Transport::Http2 {
        command.args(["--http2", "-p", "1"]);
    }
    command.arg(job.plain_url());
}

/// What the cut at the end broke off is listed among the errors; it is none.
const CUT: &str = "aborted due to deadline";

fn read(stdout: &str) -> Result<Count> {
    let report: Value = serde_json::from_str(stdout).context("the output is no JSON")?;
    let sum = |key: &str, wanted: fn(&str) -> bool| -> u64 {
        let entries = report.get(key).and_then(Value::as_object);
        let numbers = entries.into_iter().flatten().filter(|(name, _)| wanted(name));
        numbers.filter_map(|(_, number)| number.as_u64()).sum()
    };
    Ok(Count {
        requests: sum("statusCodeDistribution", |_| true),
        errors: sum("statusCodeDistribution", |status| !status.starts_with('2'))
            + sum("errorDistribution", |error| error != CUT),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_count_and_the_cut_at_the_end_is_no_error() {
        let stdout = r#"{"summary": {"total": 1.0},
            "statusCodeDistribution": {"200": 90000, "503": 2},
            "errorDistribution": {"aborted due to deadline": 64, "connection refused": 1}}"#;
        assert_eq!(read(stdout).unwrap(), Count { requests: 90_002, errors: 3 });
    }
}
