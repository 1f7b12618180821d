//! Measures `ldc compile` on a plan of 10 000 tasks, and reading and verifying the
//! program that comes out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use ld_bench::big_plan::{TASKS, big_plan};
use ld_bench::locate;
use ld_bench::machine::{self, Core, Cores};
use ld_bench::process;
use ld_bench::stats::Spread;
use ld_bench::table::Table;

/// How long compiling may take.
const LIMIT: Duration = Duration::from_secs(120);

#[derive(Parser)]
#[command(about = "Measures compiling a very large plan and loading its program.")]
struct Arguments {
    /// Tasks of the plan.
    #[arg(long, default_value_t = TASKS, value_parser = clap::value_parser!(u32).range(1..))]
    tasks: u32,
    /// Rounds; the medians are printed.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// The ldc to measure, instead of building it.
    #[arg(long, value_name = "FILE")]
    ldc: Option<PathBuf>,
}

fn main() -> ExitCode {
    ld_bench::outcome("compile", measure(&Arguments::parse()))
}

fn measure(arguments: &Arguments) -> Result<()> {
    let ldc = locate::own("ldc", arguments.ldc.as_deref())?;
    let cores = Cores::choose()?;
    println!("{}\n{cores}\n", machine::describe());
    let folder = tempfile::tempdir()?;
    let (plan, program) = (folder.path().join("big.json"), folder.path().join("big.ldb"));
    fs::write(&plan, big_plan(arguments.tasks))?;

    let rounds = || 0..arguments.rounds;
    let compiled: Vec<(f64, f64)> =
        rounds().map(|_| compile(&ldc, &plan, &program, cores.generator)).collect::<Result<_>>()?;
    let bytes = fs::read(&program).context("reading what ldc wrote")?;
    let loaded: Vec<(f64, f64)> = rounds().map(|_| load(&bytes)).collect::<Result<_>>()?;

    println!(
        "{} tasks, plan {:.1} MB, program {:.1} MB, {} rounds",
        arguments.tasks,
        fs::metadata(&plan)?.len() as f64 / 1e6,
        bytes.len() as f64 / 1e6,
        arguments.rounds
    );
    let mut table = Table::new(&["ms", "median", "least", "most"]);
    let mut row = |what: &str, figures: Vec<f64>| -> Result<()> {
        let spread = Spread::of(figures).context("no rounds")?;
        let figures = [spread.median, spread.min, spread.max].map(|ms| format!("{ms:.1}"));
        table.row([what.to_owned()].into_iter().chain(figures));
        Ok(())
    };
    row("ldc compile, wall time", compiled.iter().map(|round| round.0).collect())?;
    row("ldc compile, CPU time", compiled.iter().map(|round| round.1).collect())?;
    row("read", loaded.iter().map(|round| round.0).collect())?;
    row("verify", loaded.iter().map(|round| round.1).collect())?;
    row("read and verify", loaded.iter().map(|round| round.0 + round.1).collect())?;
    print!("{table}");
    Ok(())
}

/// Wall and CPU milliseconds of one `ldc compile`, start of the program included.
fn compile(ldc: &Path, plan: &Path, program: &Path, core: Core) -> Result<(f64, f64)> {
    let mut command = Command::new(ldc);
    command.arg("compile").arg(plan).arg("-o").arg(program);
    let finished = process::run(&mut command, core, LIMIT)?;
    ensure!(finished.status.success(), "ldc compile: {}", finished.tail());
    Ok((finished.wall.as_secs_f64() * 1e3, finished.cpu.total().as_secs_f64() * 1e3))
}

/// Milliseconds to read a program from memory, and to verify it.
fn load(bytes: &[u8]) -> Result<(f64, f64)> {
    let started = Instant::now();
    let program = ld_vm::format::read(bytes).context("reading the program")?;
    let read = Instant::now();
    ld_vm::verify::verify(&program).context("verifying the program")?;
    Ok(((read - started).as_secs_f64() * 1e3, read.elapsed().as_secs_f64() * 1e3))
}
