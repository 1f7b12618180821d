//! Counting the instructions a tool executes in user space, with callgrind.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::locate;
use crate::machine::Core;
use crate::process::{self, Finished};

/// Longest time a run may take; under callgrind everything is some fifty times slower.
const LIMIT: Duration = Duration::from_secs(300);

/// Runs `program` under callgrind on `core` and returns how many instructions all its
/// threads executed. `arguments` adds the program's own; `profile` is where callgrind
/// leaves its profile, for `callgrind_annotate`.
///
/// # Errors
/// When valgrind is missing, or the program fails under it.
pub fn count(
    program: &Path,
    arguments: impl FnOnce(&mut Command),
    core: Core,
    profile: &Path,
) -> Result<(u64, Finished)> {
    let valgrind = locate::find("valgrind", &[])
        .context("valgrind is not installed (Debian: apt-get install valgrind)")?;
    let mut command = Command::new(valgrind);
    command
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(program)
        .current_dir(locate::bench_folder());
    arguments(&mut command);
    let finished = process::run(&mut command, core, LIMIT)?;
    if !finished.status.success() {
        bail!("{} under callgrind: {}: {}", program.display(), finished.status, finished.tail());
    }
    let collected = collected(&finished.stderr)
        .with_context(|| format!("callgrind gave no count: {}", finished.tail()))?;
    Ok((collected, finished))
}

/// The number in callgrind's closing line, `==4711== Collected : 123456`.
fn collected(stderr: &str) -> Option<u64> {
    let line = stderr.lines().rev().find(|line| line.contains("Collected :"))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_read_from_the_closing_line() {
        let stderr = "==7== Events    : Ir\n==7== Collected : 58215113\n==7== \n";
        assert_eq!(collected(stderr), Some(58_215_113));
        assert_eq!(collected("==7== Events    : Ir\n"), None);
    }
}
