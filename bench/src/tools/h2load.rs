//! h2load, asked for HTTP/1.1 where that is what is measured.

use std::process::Command;

use anyhow::{Context, Result};

use super::{Count, Job, Tool, number_between};
use crate::case::Transport;

pub(super) const TOOL: Tool = Tool {
    name: "h2load",
    version: &["--version"],
    install: "apt-get install nghttp2-client",
    arguments,
    count: |_, finished| read(&finished.stdout),
};

fn arguments(command: &mut Command, job: &Job<'_>) {
    // Over HTTP/2 it has one request of each connection under way unless told otherwise.
    if job.case.transport != Transport::Http2 {
        command.arg("--h1");
    }
    command
        .args(["-t", "1", "-c", &job.case.users.to_string()])
        .args(["-D", &job.seconds.to_string()])
        .arg(job.plain_url());
}

fn read(stdout: &str) -> Result<Count> {
    let (_, totals) = stdout.split_once("\nrequests: ").context("no totals in the output")?;
    let number = |before, after| {
        number_between(totals, before, after)
            .with_context(|| format!("no number before `{after}` in the totals"))
    };
    Ok(Count {
        requests: number("started, ", " done")?,
        errors: number("succeeded, ", " failed")?
            + number("failed, ", " errored")?
            + number("errored, ", " timeout")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_read() {
        let stdout = "finished in 1.00s, 100617.00 req/s, 14.39MB/s\n\
            requests: 100617 total, 100681 started, 100617 done, 100614 succeeded, \
            2 failed, 1 errored, 0 timeout\n\
            status codes: 100617 2xx, 0 3xx, 0 4xx, 0 5xx\n";
        assert_eq!(read(stdout).unwrap(), Count { requests: 100_617, errors: 3 });
    }
}
