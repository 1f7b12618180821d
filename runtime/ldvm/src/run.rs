//! `ldvm run`: a program through the engine, its summary to the terminal and to a file.

use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use ld_results::{Summary, VerdictState, render};
use ld_runtime::net::{Clock, ConnectTo, NetOptions};
use ld_runtime::{ActionRecord, Engine, Live, Options, Spin, Stop, actions, default_threads};
use ld_vm::Program;

use crate::Exit;
use crate::arguments::{LoadOptions, OutputOptions, RunOptions};
use crate::load::{self, Folded};
use crate::output;

/// What the command line says about connections.
#[derive(Default)]
pub(crate) struct Network {
    connect_to: Vec<ConnectTo>,
    insecure: bool,
}

pub(crate) fn run(options: &RunOptions) -> ExitCode {
    match try_run(options) {
        Ok(exit) | Err(exit) => exit.into(),
    }
}

fn try_run(options: &RunOptions) -> Result<Exit, Exit> {
    let mut connect_to = Vec::new();
    for text in &options.connect_to {
        connect_to.push(text.parse::<ConnectTo>().map_err(|error| {
            output::say(format_args!("ldvm: --connect-to {text}: {error}"));
            Exit::Usage
        })?);
    }
    let network = Network { connect_to, insecure: options.insecure };
    let folded = Folded { host: options.host.clone(), vars: options.var.clone() };
    let mut program = load::load(&options.plan, folded, options.output.quiet)?;
    load::override_load(&mut program, &options.load);
    execute(program, &options.load, network, &options.output)
}

/// Carries out a program's actions; says what happened and how to exit.
pub(crate) fn execute(
    program: Program,
    load: &LoadOptions,
    network: Network,
    output: &OutputOptions,
) -> Result<Exit, Exit> {
    let infrastructure = |what: &str, error: &dyn std::fmt::Display| {
        output::say(format_args!("ldvm: {what}: {error}"));
        Exit::Infrastructure
    };
    // Better now than after an hour of load.
    if let Some(folder) = output.summary.as_deref().and_then(Path::parent)
        && !folder.as_os_str().is_empty()
        && !folder.is_dir()
    {
        output::say(format_args!("ldvm: --summary: there is no folder {}", folder.display()));
        return Err(Exit::Infrastructure);
    }
    let stop =
        Stop::on_signals().map_err(|error| infrastructure("signals cannot be handled", &error))?;
    let threads = match load.threads {
        Some(threads) => u32::try_from(threads.get()).unwrap_or(u32::MAX),
        None => default_threads()
            .map_err(|error| infrastructure("the number of cores is unknown", &error))?,
    };
    let options = Options {
        threads,
        seed: load.seed.unwrap_or_else(clock_seed),
        spin: if load.spin { Spin::LastMoment } else { Spin::Never },
        net: NetOptions {
            connect_to: network.connect_to,
            insecure: network.insecure,
            ..NetOptions::new(Clock::starting_now())
        },
        stop,
        live: if output.no_progress && !output.quiet {
            Live::without_progress()
        } else {
            Live::new(output.quiet)
        },
    };
    let mut engine = Engine::new(program, options)
        .map_err(|error| infrastructure("the run cannot start", &error))?;
    let records = actions::execute(&mut engine);
    let failed = report_failures(&engine, &records);

    let summary = engine.summary();
    let has_run = records.iter().any(|record| record.command == "LD_start_test");
    if has_run && !output.quiet {
        output::show(render::summary(&summary));
    }
    let written = write_summary(&summary, output);
    let interrupted = engine.is_stopped();
    Ok(match (interrupted, failed.or(written)) {
        (true, _) => Exit::Interrupted,
        (false, Some(exit)) => exit,
        (false, None) if output.strict && summary.verdict.state == VerdictState::Invalid => {
            Exit::Invalid
        }
        (false, None) => Exit::Fine,
    })
}

/// Says which actions failed; the gravest of them decides the exit code.
fn report_failures(engine: &Engine, records: &[ActionRecord]) -> Option<Exit> {
    let mut exit = None;
    for record in records {
        let ActionRecord { command, line, outcome } = record;
        let Err(error) = outcome else {
            continue;
        };
        output::say(format_args!(
            "ldvm: {}:{line}: {command}: {}",
            engine.program().file,
            error.message
        ));
        if error.infrastructure {
            exit = Some(Exit::Infrastructure);
        } else {
            exit = exit.or(Some(Exit::ActionFailed));
        }
    }
    exit
}

fn write_summary(summary: &Summary, output: &OutputOptions) -> Option<Exit> {
    let path = output.summary.as_ref()?;
    match summary.write_to(path) {
        Ok(()) => {
            if !output.quiet {
                output::show(format_args!("  wrote the summary to {}\n", path.display()));
            }
            None
        }
        Err(error) => {
            output::say(format_args!("ldvm: {error}"));
            Some(Exit::Infrastructure)
        }
    }
}

/// A seed for a run that is not to be repeated.
fn clock_seed() -> u64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    since.as_nanos() as u64
}
