//! wrk: one thread, one epoll loop, no check but the status class.

use std::process::Command;

use anyhow::{Context, Result};

use super::{Count, Job, Tool, number_between};

pub(super) const TOOL: Tool = Tool {
    name: "wrk",
    version: &["-v"],
    install: "apt-get install wrk",
    arguments,
    count: |_, finished| read(&finished.stdout),
};

fn arguments(command: &mut Command, job: &Job<'_>) {
    command
        .args(["-t", "1", "-c", &job.case.users.to_string()])
        .args(["-d", &format!("{}s", job.seconds)])
        .arg(job.plain_url());
}

fn read(stdout: &str) -> Result<Count> {
    let line = stdout.lines().find(|line| line.contains(" requests in "));
    let requests = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    // connect, read, write and timeout errors, printed only when there are any
    let sockets = stdout.split_once("Socket errors:").map_or(0, |(_, rest)| {
        let line = rest.lines().next().unwrap_or_default();
        line.split([' ', ',']).filter_map(|word| word.parse::<u64>().ok()).sum()
    });
    let statuses = number_between(stdout, "Non-2xx or 3xx responses:", "\n").unwrap_or(0);
    Ok(Count {
        requests: requests.context("no request count in the output")?,
        errors: sockets + statuses,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_both_kinds_of_errors_are_read() {
        let stdout = "Running 1s test @ http://127.0.0.1:18080/\n  1 threads and 64 connections\n  \
            147287 requests in 1.00s, 21.07MB read\n  \
            Socket errors: connect 0, read 3, write 0, timeout 2\n  \
            Non-2xx or 3xx responses: 7\nRequests/sec: 147075.65\n";
        assert_eq!(read(stdout).unwrap(), Count { requests: 147_287, errors: 12 });
    }

    #[test]
    fn a_clean_run_has_no_errors() {
        let stdout = "  147287 requests in 1.00s, 21.07MB read\nRequests/sec: 147075.65\n";
        assert_eq!(read(stdout).unwrap(), Count { requests: 147_287, errors: 0 });
    }
}
