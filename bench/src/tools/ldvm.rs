//! This project's own machine, with everything on that a user would have on.

use std::process::Command;

use anyhow::Result;

use super::{Count, Job, Tool, json_file, number_at};
use crate::process::Finished;

const SUMMARY: &str = "ldvm.json";

pub(super) const TOOL: Tool = Tool {
    name: "ldvm",
    version: &["--version"],
    install: "cargo build --release --bin ldvm",
    arguments,
    count,
};

fn arguments(command: &mut Command, job: &Job<'_>) {
    command
        .arg("run")
        .arg(format!("plans/{}", job.case.plan()))
        .args(["--host", job.origin])
        .args(["--users", &job.case.users.to_string()])
        .args(["--spawn-rate", "100000"])
        .args(["--duration", &format!("{}s", job.seconds)])
        .args(["--wait", "0", "--threads", "1", "--no-progress", "--quiet"])
        .arg("--summary")
        .arg(job.scratch.join(SUMMARY));
    if job.case.tls {
        command.arg("--insecure");
    }
}

fn count(job: &Job<'_>, _: &Finished) -> Result<Count> {
    let summary = json_file(job, SUMMARY)?;
    Ok(Count {
        requests: number_at(&summary, "/totals/requests")?,
        errors: number_at(&summary, "/totals/failures")?,
    })
}
