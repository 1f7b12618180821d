//! Counts the user-space instructions per request of `ldvm`, wrk and h2load: each runs
//! under callgrind for a number of requests and for more of them, and the difference,
//! in which start-up and end cancel out, is divided by the requests between.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;
use ld_bench::callgrind;
use ld_bench::case::{CASES, Case};
use ld_bench::locate;
use ld_bench::machine::{self, Cores};
use ld_bench::nginx::Nginx;
use ld_bench::tools::{Job, TOOLS, Tool, ldvm};

#[derive(Parser)]
#[command(about = "Counts user-space instructions per request with callgrind.")]
struct Arguments {
    /// Rows to count: get64, get1000, post, https64; get64 and post when none is named.
    rows: Vec<String>,
    /// Ticks of each user in ldvm's short run; the long one has twice as many.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    iterations: u32,
    /// Seconds of the short run of the other tools; the long one has three times as many.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// The ldvm to count, instead of building it.
    #[arg(long, value_name = "FILE")]
    ldvm: Option<PathBuf>,
    /// Keep the profiles of the long runs in this folder, for callgrind_annotate.
    #[arg(long, value_name = "DIR")]
    profiles: Option<PathBuf>,
}

/// One run under callgrind.
#[derive(Clone, Copy)]
struct Counted {
    instructions: u64,
    requests: u64,
}

fn main() -> ExitCode {
    ld_bench::outcome("instructions", count(&Arguments::parse()))
}

fn count(arguments: &Arguments) -> Result<()> {
    let cases = cases(&arguments.rows)?;
    let cores = Cores::choose()?;
    let server = Nginx::start(cores.server)?;
    let scratch = tempfile::tempdir()?;
    let profiles = arguments.profiles.as_deref().unwrap_or(scratch.path());
    println!("{}\n{cores}\n", machine::describe());

    println!(
        "{:<9}{:<8}{:>20}{:>12}{:>16}",
        "", "", "instructions/request", "requests", "start and end"
    );
    for case in cases {
        let origin = server.origin(case.transport);
        let row = |name: &str, counted: Result<[Counted; 2]>| {
            let cells = counted.and_then(difference).unwrap_or_else(|error| format!("{error:#}"));
            println!("{:<9}{name:<8}{cells}", case.name);
        };
        let ldvm = locate::own("ldvm", arguments.ldvm.as_deref()).and_then(|program| {
            let run = |iterations| {
                ticks(&program, case, &origin, iterations, cores, profiles, scratch.path())
            };
            Ok([run(arguments.iterations)?, run(arguments.iterations * 2)?])
        });
        row("ldvm", ldvm);
        for tool in TOOLS.iter().filter(|tool| ["wrk", "h2load"].contains(&tool.name)) {
            let run = |seconds| {
                let job = Job { case, origin: &origin, seconds, scratch: scratch.path() };
                timed(tool, &job, cores, profiles)
            };
            let both =
                run(arguments.seconds).and_then(|short| Ok([short, run(arguments.seconds * 3)?]));
            row(tool.name, both);
        }
    }
    Ok(())
}

fn cases(rows: &[String]) -> Result<Vec<&'static Case>> {
    if rows.is_empty() {
        return Ok(CASES.iter().filter(|case| ["get64", "post"].contains(&case.name)).collect());
    }
    let case = |row: &String| {
        CASES.iter().find(|case| case.name == *row).with_context(|| format!("no row `{row}`"))
    };
    rows.iter().map(case).collect()
}

/// Runs `ldvm` until each user has made a number of ticks, of one request each.
fn ticks(
    program: &Path,
    case: &'static Case,
    origin: &str,
    iterations: u32,
    cores: Cores,
    profiles: &Path,
    scratch: &Path,
) -> Result<Counted> {
    let job = Job { case, origin, seconds: 0, scratch };
    let profile = profiles.join(format!("{}-ldvm.callgrind", case.name));
    let (instructions, finished) = callgrind::count(
        program,
        |command| {
            ldvm::run(command, case.plan(), origin, case.users);
            command
                .args(["--iterations", &iterations.to_string(), "--wait", "0"])
                .args(["--duration", "10m", "--seed", "1"])
                .arg("--summary")
                .arg(scratch.join(ldvm::SUMMARY));
        },
        cores.generator,
        &profile,
    )?;
    let count = (ldvm::TOOL.count)(&job, &finished)?;
    let planned = u64::from(case.users) * u64::from(iterations);
    if count.requests != planned || count.errors != 0 {
        bail!("{} requests, {} errors; planned {planned}", count.requests, count.errors);
    }
    Ok(Counted { instructions, requests: count.requests })
}

/// Runs a tool that can only be told for how long.
fn timed(tool: &Tool, job: &Job<'_>, cores: Cores, profiles: &Path) -> Result<Counted> {
    let program = locate::find(tool.name, &[])
        .with_context(|| format!("missing, left out: {}", tool.install))?;
    let profile = profiles.join(format!("{}-{}.callgrind", job.case.name, tool.name));
    let (instructions, finished) = callgrind::count(
        &program,
        |command| (tool.arguments)(command, job),
        cores.generator,
        &profile,
    )?;
    let count = (tool.count)(job, &finished)?;
    Ok(Counted { instructions, requests: count.requests })
}

/// The cells of a row: per request, requests between the runs, and what is left over.
fn difference([short, long]: [Counted; 2]) -> Result<String> {
    let requests = long.requests.checked_sub(short.requests).filter(|&requests| requests > 0);
    let requests = requests.context("the long run made no more requests than the short one")?;
    let instructions = long.instructions.saturating_sub(short.instructions);
    let each = instructions as f64 / requests as f64;
    let rest = short.instructions as f64 - each * short.requests as f64;
    Ok(format!("{each:>20.0}{requests:>12}{rest:>16.0}"))
}
