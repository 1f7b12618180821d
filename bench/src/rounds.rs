//! Rounds of one case: every tool once per round, the order turning, so that what
//! drifts on the machine hits all of them alike.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use crate::case::Case;
use crate::locate;
use crate::machine::{Busy, Cores};
use crate::nginx::Nginx;
use crate::process;
use crate::stats::Spread;
use crate::tools::{Job, Tool, YARDSTICK};

/// Time a tool may take beyond the seconds it is told, for start-up and report.
const GRACE: Duration = Duration::from_secs(60);

/// A tool that is there, and where.
#[derive(Debug)]
pub struct Installed {
    /// Its row.
    pub tool: &'static Tool,
    /// Its program.
    pub program: PathBuf,
}

/// One run of one tool.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// Name of the case.
    pub case: &'static str,
    /// Name of the tool.
    pub tool: &'static str,
    /// Round, from 0.
    pub round: u32,
    /// Requests the tool says were answered.
    pub requests: u64,
    /// Requests the tool says failed.
    pub errors: u64,
    /// Requests the server began in the same time.
    pub served: u64,
    /// CPU time of the tool, user and system, start-up included.
    pub cpu_seconds: f64,
    /// The user part of it, as the kernel sampled it.
    pub user_seconds: f64,
    /// Seconds the tool was told to run.
    pub seconds: u32,
    /// Time its core worked for others meanwhile.
    pub foreign_seconds: f64,
    /// Time the hypervisor took from its core meanwhile.
    pub stolen_seconds: f64,
}

impl Run {
    /// CPU microseconds per request.
    #[must_use]
    pub fn cpu_us_per_request(&self) -> f64 {
        self.cpu_seconds * 1e6 / self.requests as f64
    }

    /// The user part of [`Self::cpu_us_per_request`].
    #[must_use]
    pub fn user_us_per_request(&self) -> f64 {
        self.user_seconds * 1e6 / self.requests as f64
    }

    /// Requests per second of the time the tool was told to run.
    #[must_use]
    pub fn requests_per_second(&self) -> f64 {
        self.requests as f64 / f64::from(self.seconds)
    }

    /// How many more requests the server began than the tool counted. Up to one per
    /// user is what the end of the run cuts off.
    #[must_use]
    pub fn surplus(&self) -> i64 {
        self.served.cast_signed() - self.requests.cast_signed()
    }
}

/// Runs a tool once.
///
/// # Errors
/// When it cannot be started, fails, hangs, makes no request, or does not tell how many.
pub fn run_once(
    installed: &Installed,
    case: &'static Case,
    server: &Nginx,
    cores: Cores,
    seconds: u32,
    round: u32,
) -> Result<Run> {
    let tool = installed.tool;
    let scratch = tempfile::tempdir()?;
    let origin = server.origin(case.transport);
    let job = Job { case, origin: &origin, seconds, scratch: scratch.path() };
    let mut command = command(&installed.program);
    (tool.arguments)(&mut command, &job);
    let limit = Duration::from_secs(seconds.into()) + GRACE;

    let served_before = server.served()?;
    let busy_before = Busy::of(cores.generator);
    let finished = process::run(&mut command, cores.generator, limit)?;
    let (busy, stolen_seconds) = Busy::of(cores.generator).since(busy_before);
    let served_after = server.served()?;

    if !finished.status.success() {
        bail!("{}: {}", finished.status, finished.tail());
    }
    let count = (tool.count)(&job, &finished).with_context(|| finished.tail())?;
    if count.requests == 0 {
        bail!("no request was answered: {}", finished.tail());
    }
    let cpu_seconds = finished.cpu.total().as_secs_f64();
    Ok(Run {
        case: case.name,
        tool: tool.name,
        round,
        requests: count.requests,
        errors: count.errors,
        // The second look at the counters counts itself.
        served: served_after.requests.saturating_sub(served_before.requests + 1),
        cpu_seconds,
        user_seconds: finished.cpu.user.as_secs_f64(),
        seconds,
        foreign_seconds: (busy - cpu_seconds).max(0.0),
        stolen_seconds,
    })
}

/// A command in the folder with the plans and scripts, without settings of the
/// caller's that a tool could pick up.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(locate::bench_folder()).env_remove("RUST_LOG").env_remove("RUST_BACKTRACE");
    command
}

/// The rounds of one tool in one case, summed up.
#[derive(Debug)]
pub struct Outcome {
    /// CPU microseconds per request.
    pub cpu_us: Spread,
    /// The user part of it.
    pub user_us: Spread,
    /// Requests per second.
    pub rate: Spread,
    /// CPU per request against the yardstick's in the same round; none without it.
    pub ratio: Option<Spread>,
    /// Failed requests of all rounds.
    pub errors: u64,
    /// The largest difference between the server's count and the tool's, by size.
    pub surplus: i64,
}

impl Outcome {
    /// Sums up what `tool` did; `None` when it has no round.
    #[must_use]
    pub fn of(tool: &str, runs: &[Run]) -> Option<Self> {
        let own = || runs.iter().filter(|run| run.tool == tool);
        let yardstick = |round| runs.iter().find(|run| run.tool == YARDSTICK && run.round == round);
        let ratios = own().filter_map(|run| {
            Some(run.cpu_us_per_request() / yardstick(run.round)?.cpu_us_per_request())
        });
        Some(Self {
            cpu_us: Spread::of(own().map(Run::cpu_us_per_request))?,
            user_us: Spread::of(own().map(Run::user_us_per_request))?,
            rate: Spread::of(own().map(Run::requests_per_second))?,
            ratio: Spread::of(ratios),
            errors: own().map(|run| run.errors).sum(),
            surplus: own().map(Run::surplus).max_by_key(|surplus| surplus.abs())?,
        })
    }

    /// Whether the tool and the server agree on the number of requests, but for
    /// those the end cut off.
    #[must_use]
    pub fn counts_agree(&self, case: &Case) -> bool {
        (0..=i64::from(case.users)).contains(&self.surplus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::CASES;

    fn run(tool: &'static str, round: u32, requests: u64, served: u64, cpu: f64) -> Run {
        Run {
            case: "get64",
            tool,
            round,
            requests,
            errors: 1,
            served,
            cpu_seconds: cpu,
            user_seconds: 0.0,
            seconds: 2,
            foreign_seconds: 0.0,
            stolen_seconds: 0.0,
        }
    }

    #[test]
    fn a_tool_is_related_to_the_yardstick_of_its_own_round() {
        let runs = [
            run("wrk", 0, 1000, 1064, 1.0),
            run("ldvm", 0, 1000, 1000, 0.8),
            run("ldvm", 1, 1000, 1003, 1.8),
            run("wrk", 1, 1000, 1064, 2.0),
        ];
        let outcome = Outcome::of("ldvm", &runs).unwrap();
        let ratio = outcome.ratio.unwrap();
        assert!((ratio.min - 0.8).abs() < 1e-9 && (ratio.max - 0.9).abs() < 1e-9);
        assert_eq!(outcome.rate.median, 500.0);
        assert_eq!((outcome.errors, outcome.surplus), (2, 3));
    }

    #[test]
    fn counts_agree_up_to_one_request_per_user() {
        let agree = |served| {
            Outcome::of("ldvm", &[run("ldvm", 0, 1000, served, 1.0)])
                .unwrap()
                .counts_agree(&CASES[0])
        };
        assert!(agree(1000) && agree(1064));
        assert!(!agree(1065) && !agree(999));
    }

    #[test]
    fn a_tool_without_a_round_has_no_outcome() {
        assert!(Outcome::of("hey", &[run("wrk", 0, 1000, 1064, 1.0)]).is_none());
    }
}
