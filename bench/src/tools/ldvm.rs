//! This project's own machine, with everything on that a user would have on.

use std::process::Command;

use anyhow::Result;

use super::{Count, Job, Tool, json_file, number_at};
use crate::process::Finished;

/// The file in the scratch folder that the summary goes to.
pub const SUMMARY: &str = "ldvm.json";

/// Its row.
pub const TOOL: Tool = Tool {
    name: "ldvm",
    version: &["--version"],
    install: "cargo build --release --bin ldvm",
    arguments,
    count,
};

fn arguments(command: &mut Command, job: &Job<'_>) {
    run(command, job.case.plan(), job.origin, job.case.users);
    command
        .args(["--duration", &format!("{}s", job.seconds), "--wait", "0"])
        .arg("--summary")
        .arg(job.scratch.join(SUMMARY));
}

/// Adds what every run of a plan in `bench/plans` has in common: all users at once,
/// on one thread, silent.
pub fn run(command: &mut Command, plan: &str, origin: &str, users: u32) {
    command
        .arg("run")
        .arg(format!("plans/{plan}"))
        .args(["--host", origin, "--users", &users.to_string(), "--spawn-rate", "100000"])
        .args(["--threads", "1", "--no-progress", "--quiet"]);
    if origin.starts_with("https:") {
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
