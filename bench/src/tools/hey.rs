//! hey: Go's HTTP client, a goroutine per user.

use std::process::Command;

use anyhow::{Context, Result};

use super::{Count, Job, Tool};
use crate::case::Transport;

pub(super) const TOOL: Tool = Tool {
    name: "hey",
    version: &[],
    install: "apt-get install hey",
    arguments,
    count: |_, finished| read(&finished.stdout),
};

fn arguments(command: &mut Command, job: &Job<'_>) {
    command
        .args(["-cpus", "1", "-c", &job.case.users.to_string()])
        .args(["-z", &format!("{}s", job.seconds)]);
    if job.case.transport == Transport::Http2 {
        command.arg("-h2");
    }
    command.arg(job.plain_url());
}

/// Sums the lines `[200] 46966 responses` and `[3] Get "http://…": EOF`.
fn read(stdout: &str) -> Result<Count> {
    let (_, statuses) =
        stdout.split_once("Status code distribution:").context("no status codes in the output")?;
    let mut count = Count { requests: 0, errors: 0 };
    for line in statuses.lines() {
        let Some((key, rest)) = line.trim().strip_prefix('[').and_then(|l| l.split_once(']'))
        else {
            continue;
        };
        let key: u64 = key.parse()?;
        match rest.trim().strip_suffix(" responses") {
            Some(number) => {
                let number: u64 = number.parse()?;
                count.requests += number;
                count.errors += if (200..300).contains(&key) { 0 } else { number };
            }
            None => count.errors += key,
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_transport_errors_are_summed() {
        let stdout = "\nStatus code distribution:\n  [200]\t46966 responses\n  \
            [503]\t4 responses\n\nError distribution:\n  [3]\tGet \"http://127.0.0.1/\": EOF\n";
        assert_eq!(read(stdout).unwrap(), Count { requests: 46_970, errors: 7 });
    }
}
