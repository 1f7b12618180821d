//! Measures `ldvm` beside other load generators: the same server, the same core,
//! turn by turn, CPU time per request as the operating system counted it.

use std::fs::File;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use clap::Parser;
use ld_bench::case::{CASES, Case};
use ld_bench::locate;
use ld_bench::machine::{self, Cores};
use ld_bench::nginx::Nginx;
use ld_bench::rounds::{Installed, Outcome, Run, run_once};
use ld_bench::stats::Spread;
use ld_bench::table::Table;
use ld_bench::tools::{TOOLS, Tool};

#[derive(Parser)]
#[command(about = "Measures ldvm beside other load generators, CPU per request.")]
struct Arguments {
    /// Rows to measure: get64, get1000, post, https64, flow10; all when none is named.
    rows: Vec<String>,
    /// Rounds per row; the medians are printed.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Seconds per run.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// Tools to run, with commas between; all when not given. wrk is the yardstick.
    #[arg(long, value_delimiter = ',')]
    tools: Vec<String>,
    /// A folder to look for the tools in before bench/.tools/bin and the search path;
    /// may be repeated.
    #[arg(long, value_name = "DIR")]
    tools_in: Vec<PathBuf>,
    /// The ldvm to measure, instead of building it.
    #[arg(long, value_name = "FILE")]
    ldvm: Option<PathBuf>,
    /// Also write every single run to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
}

fn main() -> ExitCode {
    ld_bench::outcome("peers", measure(&Arguments::parse()))
}

fn measure(arguments: &Arguments) -> Result<()> {
    let cases = chosen(&arguments.rows, CASES, |case| case.name, "row")?;
    let wanted = chosen(&arguments.tools, TOOLS, |tool| tool.name, "tool")?;
    let cores = Cores::choose()?;
    let tools = installed(&wanted, arguments);
    if tools.is_empty() {
        bail!("none of the tools is there");
    }
    let server = Nginx::start(cores.server)?;
    println!("{}\n{cores}\n", machine::describe());

    let mut all = Vec::new();
    for case in cases {
        let runs = run_case(case, &tools, &server, cores, arguments);
        println!(
            "{}: {}\n{} rounds of {} s, medians, load {}\n{}",
            case.name,
            case.title,
            arguments.rounds,
            arguments.seconds,
            machine::load(),
            report(case, &tools, &runs)
        );
        all.extend(runs);
    }
    if let Some(file) = &arguments.save {
        let writer = File::create(file).with_context(|| format!("writing {}", file.display()))?;
        serde_json::to_writer_pretty(writer, &all)?;
    }
    Ok(())
}

/// The entries of a table that were named, or all when none was.
fn chosen<T>(
    names: &[String],
    table: &'static [T],
    name_of: fn(&T) -> &'static str,
    kind: &str,
) -> Result<Vec<&'static T>> {
    let known = || table.iter().map(name_of).collect::<Vec<_>>().join(", ");
    if let Some(unknown) = names.iter().find(|name| !table.iter().any(|e| name_of(e) == *name)) {
        bail!("no {kind} `{unknown}`; there are {}", known());
    }
    let named = |entry: &&T| names.is_empty() || names.iter().any(|name| name == name_of(entry));
    Ok(table.iter().filter(named).collect())
}

/// Finds the tools and says which, of what version, and what is missing.
fn installed(wanted: &[&'static Tool], arguments: &Arguments) -> Vec<Installed> {
    let mut folders = arguments.tools_in.clone();
    folders.push(locate::bench_folder().join(".tools/bin"));
    let mut tools = Vec::new();
    for &tool in wanted {
        let program = match tool.name {
            "ldvm" => locate::own("ldvm", arguments.ldvm.as_deref())
                .inspect_err(|error| eprintln!("ldvm: {error:#}"))
                .ok(),
            name => locate::find(name, &folders),
        };
        match program {
            Some(program) => {
                println!("{:<7} {} ({})", tool.name, version(tool, &program), program.display());
                tools.push(Installed { tool, program });
            }
            None => println!("{:<7} missing, left out: {}", tool.name, tool.install),
        }
    }
    tools
}

/// The first line of what a tool says about itself.
fn version(tool: &Tool, program: &Path) -> String {
    if tool.version.is_empty() {
        return "does not tell its version".to_owned();
    }
    let Ok(output) = Command::new(program).args(tool.version).output() else {
        return "does not start".to_owned();
    };
    let text = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    let line = String::from_utf8_lossy(&text).lines().next().unwrap_or_default().to_owned();
    let line = line.split(" (").next().unwrap_or_default();
    line.split(" Copyright").next().unwrap_or_default().to_owned()
}

/// A trial round that is thrown away, to see that every tool works and to warm the
/// server, then the rounds. A tool that fails the trial says so and is left out of the case.
fn run_case(
    case: &'static Case,
    tools: &[Installed],
    server: &Nginx,
    cores: Cores,
    arguments: &Arguments,
) -> Vec<Run> {
    let mut working: Vec<&Installed> = Vec::new();
    for installed in tools {
        match run_once(installed, case, server, cores, arguments.seconds, 0) {
            Ok(_) => working.push(installed),
            Err(error) => eprintln!("{}: {} left out: {error:#}", case.name, installed.tool.name),
        }
    }
    let mut runs = Vec::new();
    for round in 0..arguments.rounds {
        for installed in &working {
            let name = installed.tool.name;
            progress(&format!("{} {}/{} {name}", case.name, round + 1, arguments.rounds));
            match run_once(installed, case, server, cores, arguments.seconds, round) {
                Ok(run) => runs.push(run),
                Err(error) => eprintln!("{}: {name} lost a round: {error:#}", case.name),
            }
        }
        if !working.is_empty() {
            working.rotate_left(1);
        }
    }
    progress("");
    runs
}

/// Shows what is running, in place, when somebody is watching.
fn progress(text: &str) {
    if std::io::stderr().is_terminal() {
        eprint!("\r{text:<40}\r");
    }
}

fn report(case: &Case, tools: &[Installed], runs: &[Run]) -> String {
    let mut table = Table::new(&[
        "",
        "CPU µs/request",
        "spread",
        "of it user",
        "against wrk",
        "from – to",
        "requests/s",
        "errors",
        "server saw",
    ]);
    let mut notes = String::new();
    for installed in tools {
        let name = installed.tool.name;
        let Some(outcome) = Outcome::of(name, runs) else {
            table.row([name.to_owned(), "failed".to_owned()]);
            continue;
        };
        let ratio = |show: fn(Spread) -> String| outcome.ratio.map_or("–".to_owned(), show);
        table.row([
            name.to_owned(),
            format!("{:.2}", outcome.cpu_us.median),
            format!("{:.0} %", outcome.cpu_us.percent()),
            format!("{:.2}", outcome.user_us.median),
            ratio(|ratio| format!("{:.2}", ratio.median)),
            ratio(|ratio| format!("{:.2} – {:.2}", ratio.min, ratio.max)),
            format!("{:.0}", outcome.rate.median),
            outcome.errors.to_string(),
            format!("{:+}", outcome.surplus),
        ]);
        if !outcome.counts_agree(case) {
            notes += &format!(
                "  {name} and the server differ by more than the {} requests the end can cut off\n",
                case.users
            );
        }
        if let ("ldvm", Some(ratio), Some(target)) = (name, outcome.ratio, case.target) {
            let verdict = if ratio.median <= target { "reached" } else { "missed" };
            notes += &format!("  target {target:.2} of wrk's CPU: {verdict}\n");
        }
    }
    let foreign = Spread::of(runs.iter().map(|run| run.foreign_seconds / f64::from(run.seconds)));
    let stolen = Spread::of(runs.iter().map(|run| run.stolen_seconds / f64::from(run.seconds)));
    if let (Some(foreign), Some(stolen)) = (foreign, stolen) {
        notes += &format!(
            "  the generator's core also did other work: median {:.0} %, worst {:.0} %; stolen: {:.0} %, {:.0} %\n",
            foreign.median * 100.0,
            foreign.max * 100.0,
            stolen.median * 100.0,
            stolen.max * 100.0
        );
    }
    format!("{table}{notes}")
}
