//! Measures how late ticks start that are to start 10 000 times a second, each with a request:
//! the lateness that `ldvm` itself reports, with and without spinning, the server on another core.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use ld_bench::case::Transport;
use ld_bench::locate;
use ld_bench::machine::{self, Cores, on_core};
use ld_bench::nginx::Nginx;
use ld_bench::stats::Spread;
use ld_bench::table::Table;
use serde_json::Value;

/// Starts of the plan: its rate times its duration.
const STARTS: u64 = 30_000;

#[derive(Parser)]
#[command(about = "Measures how late ticks start at 10 000 starts a second.")]
struct Arguments {
    /// Runs of each kind, in turn.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// The ldvm to measure, instead of building it.
    #[arg(long, value_name = "FILE")]
    ldvm: Option<PathBuf>,
}

fn main() -> ExitCode {
    ld_bench::outcome("arrivals", measure(&Arguments::parse()))
}

fn measure(arguments: &Arguments) -> Result<()> {
    let program = locate::own("ldvm", arguments.ldvm.as_deref())?;
    let cores = Cores::choose()?;
    let server = Nginx::start(cores.server)?;
    println!("{}\n{cores}\n", machine::describe());

    let kinds = [("slept", &[][..]), ("spun at the end", &["--spin"][..])];
    let mut rounds = vec![Vec::new(); kinds.len()];
    for _ in 0..arguments.rounds {
        for ((_, options), round) in kinds.iter().zip(&mut rounds) {
            round.push(Round::run(&program, &server, cores, options)?);
        }
    }
    let mut table = Table::new(&["starts waited for", "p50 µs", "p99 µs", "best", "worst", "late"]);
    for ((name, _), rounds) in kinds.iter().zip(&rounds) {
        let of = |figure: fn(&Round) -> f64| Spread::of(rounds.iter().map(figure));
        let p50 = of(|round| round.p50_us).context("no rounds")?;
        let p99 = of(|round| round.p99_us).context("no rounds")?;
        let late: u64 = rounds.iter().map(|round| round.late).sum();
        let us = |figure: f64| format!("{figure:.1}");
        let figures = [us(p50.median), us(p99.median), us(p99.min), us(p99.max), late.to_string()];
        table.row([(*name).to_owned()].into_iter().chain(figures));
    }
    println!(
        "{table}\n  medians of {} runs; late: starts that waited for a user",
        arguments.rounds
    );
    Ok(())
}

/// What one run says of its starts.
#[derive(Clone, Copy, Debug)]
struct Round {
    p50_us: f64,
    p99_us: f64,
    /// Starts that had to wait for a user, which says nothing about the clock.
    late: u64,
}

impl Round {
    fn run(program: &Path, server: &Nginx, cores: Cores, options: &[&str]) -> Result<Self> {
        let scratch = tempfile::tempdir()?;
        let summary = scratch.path().join("summary.json");
        let mut command = Command::new(program);
        command
            .args(["run", "plans/arrivals.json", "--host", &server.origin(Transport::Plain)])
            .args(["--threads", "1", "--no-progress", "--quiet", "--summary"])
            .arg(&summary)
            .args(options)
            .current_dir(locate::bench_folder())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let status = on_core(cores.generator, || command.status().context("starting ldvm"))?;
        ensure!(status.success(), "ldvm failed: {status}");
        Self::read(&serde_json::from_slice(&std::fs::read(&summary)?)?)
    }

    fn read(summary: &Value) -> Result<Self> {
        let number = |place: &str| {
            let value = summary.pointer(place).and_then(Value::as_f64);
            value.with_context(|| format!("the summary has no {place}"))
        };
        let started = number("/arrivals/started")? as u64;
        ensure!(started == STARTS, "{started} of {STARTS} ticks started");
        Ok(Self {
            p50_us: number("/generator/lateness/p50_ms")? * 1e3,
            p99_us: number("/generator/lateness/p99_ms")? * 1e3,
            late: number("/arrivals/late")? as u64,
        })
    }
}
