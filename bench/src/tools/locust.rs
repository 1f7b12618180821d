//! Locust with its fast user (gevent and geventhttpclient), in one process.

use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Count, Job, Tool};

pub(super) const TOOL: Tool = Tool {
    name: "locust",
    version: &["--version"],
    install: "pip install locust",
    arguments,
    count: |_, finished| read(&finished.stdout),
};

fn arguments(command: &mut Command, job: &Job<'_>) {
    let users = job.case.users.to_string();
    command
        .args(["--locustfile", &job.script("locust", "py")])
        .args(["--headless", "--only-summary", "--json", "--exit-code-on-error", "0"])
        .args(["--users", &users, "--spawn-rate", &users])
        .args(["--run-time", &format!("{}s", job.seconds)])
        .args(["--host", job.origin]);
}

fn read(stdout: &str) -> Result<Count> {
    let entries: Vec<Value> = serde_json::from_str(stdout).context("the output is no JSON")?;
    let sum = |key: &str| entries.iter().filter_map(|entry| entry.get(key)?.as_u64()).sum();
    Ok(Count { requests: sum("num_requests"), errors: sum("num_failures") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_all_names_are_summed() {
        let stdout = r#"[{"name": "a", "num_requests": 3790, "num_failures": 1},
            {"name": "b", "num_requests": 10, "num_failures": 0}]"#;
        assert_eq!(read(stdout).unwrap(), Count { requests: 3800, errors: 1 });
    }
}
