//! Counts the user-space instructions of the stages that `benches/` times: each is run
//! under callgrind for a number of calls and for twice as many, and the difference is
//! divided by the calls between.

use std::env;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Parser;
use ld_bench::callgrind;
use ld_bench::machine::{self, Cores};
use ld_bench::stages::{Stage, all};

/// What the short run may take outside callgrind, which is some fifty times slower.
const SHORT_RUN: Duration = Duration::from_millis(10);

#[derive(Parser)]
#[command(about = "Counts the instructions of each stage with callgrind.")]
struct Arguments {
    /// Stages to count: all whose name begins with one of these; all when none is given.
    stages: Vec<String>,
    /// Calls in the short run, the long one having twice as many; without it as many as
    /// take 10 ms outside callgrind.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    calls: Option<u32>,
    /// Only run the named stage so often, to be looked at from outside.
    #[arg(long, hide = true, requires = "stages", requires = "calls")]
    run: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = if arguments.run { run(&arguments) } else { count(&arguments) };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stages: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let name = arguments.stages.first().context("no stage named")?;
    let stage = all().find(|stage| stage.name == *name);
    let mut call = (stage.with_context(|| format!("no stage `{name}`"))?.prepare)()?;
    for _ in 0..arguments.calls.unwrap_or(1) {
        call();
    }
    Ok(())
}

fn count(arguments: &Arguments) -> Result<()> {
    let cores = Cores::choose()?;
    let wanted = |stage: &&Stage| {
        let named = &arguments.stages;
        named.is_empty() || named.iter().any(|name| stage.name.starts_with(name.as_str()))
    };
    println!("{}\n", machine::describe());
    let folder = tempfile::tempdir()?;
    println!("{:<20}{:>14}", "", "instructions");
    for stage in all().filter(wanted) {
        let calls = match arguments.calls {
            Some(calls) => calls,
            None => calls_in(stage, SHORT_RUN)?,
        };
        let short = instructions(stage, calls, cores, folder.path())?;
        let long = instructions(stage, calls * 2, cores, folder.path())?;
        let each = (long as f64 - short as f64) / f64::from(calls);
        println!("{:<20}{each:>14.0}   {}", stage.name, stage.doc);
    }
    Ok(())
}

/// How often a stage can be called in a time; at least once, at most some thousand times.
fn calls_in(stage: &Stage, time: Duration) -> Result<u32> {
    let mut call = stage.warm()?;
    let started = Instant::now();
    let mut calls = 0;
    while calls < 2000 && started.elapsed() < time {
        call();
        calls += 1;
    }
    Ok(calls.max(1))
}

fn instructions(stage: &Stage, calls: u32, cores: Cores, folder: &Path) -> Result<u64> {
    let program = env::current_exe().context("finding this program")?;
    let arguments = |command: &mut std::process::Command| {
        command.args(["--run", stage.name, "--calls", &calls.to_string()]);
    };
    let profile = folder.join("stage.callgrind");
    Ok(callgrind::count(&program, arguments, cores.generator, &profile)?.0)
}
