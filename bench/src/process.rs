//! Running one tool to its end on one core, with its CPU time as the operating
//! system counted it.

use std::fs::File;
use std::io::{Read, Seek};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use rustix::process::{Pid, Signal, kill_process};

use crate::machine::{Core, on_core};

/// CPU time of a process and of the children it waited for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu {
    /// Time in the program itself. Sampled by the kernel, so only roughly right.
    pub user: Duration,
    /// Time in the kernel on the program's behalf; user + system is exact.
    pub system: Duration,
}

impl Cpu {
    /// User and system together.
    #[must_use]
    pub fn total(self) -> Duration {
        self.user + self.system
    }

    fn of_ended_children() -> Result<Self> {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("reading CPU times")?;
        let duration = |time: TimeVal| {
            Duration::from_secs(time.tv_sec().unsigned_abs())
                + Duration::from_micros(time.tv_usec().unsigned_abs())
        };
        Ok(Self { user: duration(usage.user_time()), system: duration(usage.system_time()) })
    }
}

/// What a tool left behind.
#[derive(Debug)]
pub struct Finished {
    /// What it printed.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
    /// How it ended.
    pub status: ExitStatus,
    /// CPU time from its start to its end, start-up included.
    pub cpu: Cpu,
    /// Wall time from its start to its end.
    pub wall: Duration,
    /// Its resident memory at its most, in bytes, as last seen before the end.
    pub peak: u64,
}

/// How often a running program's memory is looked at.
const LOOK: Duration = Duration::from_millis(50);

impl Finished {
    /// The last lines of its complaints, or of its output when it had none.
    #[must_use]
    pub fn tail(&self) -> String {
        let text = if self.stderr.trim().is_empty() { &self.stdout } else { &self.stderr };
        let lines: Vec<&str> = text.trim().lines().collect();
        lines.get(lines.len().saturating_sub(5)..).unwrap_or_default().join("\n")
    }
}

/// Runs `command` on `core` until it ends, its output going through files so that
/// it never waits for a reader.
///
/// The CPU time is exact as long as no other child of this process ends meanwhile.
///
/// # Errors
/// When it cannot be started, or runs longer than `limit` (it is then killed).
pub fn run(command: &mut Command, core: Core, limit: Duration) -> Result<Finished> {
    let mut stdout = tempfile::tempfile().context("making a file for the output")?;
    let mut stderr = tempfile::tempfile().context("making a file for the output")?;
    command.stdin(Stdio::null()).stdout(stdout.try_clone()?).stderr(stderr.try_clone()?);
    let before = Cpu::of_ended_children()?;
    let started = Instant::now();
    let mut child = on_core(core, || {
        let program = command.get_program().to_owned();
        command.spawn().with_context(|| format!("starting {}", program.display()))
    })?;
    let pid = Pid::from_child(&child);
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send((child.wait(), Instant::now())));
    let mut peak = 0;
    let (status, ended) = loop {
        if let Ok(end) = told.recv_timeout(LOOK) {
            break end;
        }
        peak = peak_of(pid).unwrap_or(0).max(peak);
        if started.elapsed() > limit {
            kill_process(pid, Signal::KILL)?;
            told.recv()?.0?;
            bail!("still running after {} s: killed", limit.as_secs());
        }
    };
    let (status, wall) = (status?, ended - started);
    let after = Cpu::of_ended_children()?;
    let cpu = Cpu { user: after.user - before.user, system: after.system - before.system };
    Ok(Finished { stdout: text(&mut stdout)?, stderr: text(&mut stderr)?, status, cpu, wall, peak })
}

/// The most memory a running process had resident, in bytes.
fn peak_of(pid: Pid) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).ok()?;
    let (_, rest) = status.split_once("VmHWM:")?;
    let kibibytes: u64 = rest.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes << 10)
}

fn text(file: &mut File) -> Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
