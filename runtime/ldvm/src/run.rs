//! `ldvm run`: programs through the engine, their summaries to the terminal and to files.

use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use ld_compiler::Source;
use ld_results::{VerdictState, render, write_json};
use ld_runtime::net::{Clock, ConnectTo, NetOptions};
use ld_runtime::{
    ActionRecord, Engine, Live, Options, Secrets, Spin, Stop, actions, default_threads,
};
use ld_vm::Program;
use serde_json::{Value as Json, json};

use crate::Exit;
use crate::arguments::{LoadOptions, OutputOptions, RunOptions, RunStrOptions, Settings};
use crate::load::{self, Folded};
use crate::output;
use crate::plans;

/// What the command line says about connections.
#[derive(Clone, Default)]
pub(crate) struct Network {
    connect_to: Vec<ConnectTo>,
    insecure: bool,
}

pub(crate) fn run(options: &RunOptions) -> ExitCode {
    match try_run(options) {
        Ok(exit) | Err(exit) => exit.into(),
    }
}

pub(crate) fn run_str(options: &RunStrOptions) -> ExitCode {
    match try_run_str(options) {
        Ok(exit) | Err(exit) => exit.into(),
    }
}

fn try_run(options: &RunOptions) -> Result<Exit, Exit> {
    let settings = &options.settings;
    let run = Run::new(&settings.load, network(settings)?, &settings.output)?
        .with_secrets(settings.secrets.as_deref())?;
    let plans = plans::find(&options.plans)?;
    if let (Some(_), [_, _, ..]) = (&settings.output.summary, plans.as_slice()) {
        output::say(
            "ldvm: --summary takes the summary of one plan; with several, let each write its own by \
             `LD_generate_summary_report`",
        );
        return Err(Exit::Usage);
    }
    // All are compiled before the first one runs: what is wrong with the last is better known now.
    let mut programs = Vec::new();
    let mut refused = Exit::Fine;
    for plan in &plans {
        match load::load(plan, folded(settings), settings.output.quiet) {
            Ok(mut program) => {
                load::override_load(&mut program, &settings.load);
                programs.push(program);
            }
            Err(exit) => refused = refused.worse(exit),
        }
    }
    match refused {
        Exit::Fine => run.plans(programs, options.fail_fast),
        exit => Err(exit),
    }
}

fn try_run_str(options: &RunStrOptions) -> Result<Exit, Exit> {
    let settings = &options.settings;
    let run = Run::new(&settings.load, network(settings)?, &settings.output)?
        .with_secrets(settings.secrets.as_deref())?;
    let source = Source::new("<argument>", options.plan.clone());
    let mut program = load::compile(&source, folded(settings), settings.output.quiet)?;
    load::override_load(&mut program, &settings.load);
    run.plans(vec![program], false)
}

fn network(settings: &Settings) -> Result<Network, Exit> {
    let mut connect_to = Vec::new();
    for text in &settings.connect_to {
        connect_to.push(text.parse::<ConnectTo>().map_err(|error| {
            output::say(format_args!("ldvm: --connect-to {text}: {error}"));
            Exit::Usage
        })?);
    }
    Ok(Network { connect_to, insecure: settings.insecure })
}

fn folded(settings: &Settings) -> Folded {
    let written = settings.output.results.is_some() || settings.output.print_results;
    let (host, vars) = (settings.host.clone(), settings.var.clone());
    Folded { host, vars, strict_compat: settings.strict_compat, written }
}

/// How programs are run.
pub(crate) struct Run<'o> {
    load: &'o LoadOptions,
    network: Network,
    output: &'o OutputOptions,
    threads: u32,
    stop: Stop,
    secrets: Secrets,
}

impl<'o> Run<'o> {
    pub(crate) fn new(
        load: &'o LoadOptions,
        network: Network,
        output: &'o OutputOptions,
    ) -> Result<Self, Exit> {
        // Better now than after an hour of load.
        for (option, file) in [("--summary", &output.summary), ("--results", &output.results)] {
            if let Some(folder) = file.as_deref().and_then(Path::parent)
                && !folder.as_os_str().is_empty()
                && !folder.is_dir()
            {
                output::say(format_args!(
                    "ldvm: {option}: there is no folder {}",
                    folder.display()
                ));
                return Err(Exit::Infrastructure);
            }
        }
        let stop =
            Stop::on_signals().map_err(|e| infrastructure("signals cannot be handled", &e))?;
        let threads = match load.threads {
            Some(threads) => u32::try_from(threads.get()).unwrap_or(u32::MAX),
            None => default_threads()
                .map_err(|error| infrastructure("the number of cores is unknown", &error))?,
        };
        Ok(Self { load, network, output, threads, stop, secrets: Secrets::default() })
    }

    /// Takes secrets from a file, if there is one.
    fn with_secrets(mut self, file: Option<&Path>) -> Result<Self, Exit> {
        if let Some(file) = file {
            self.secrets = Secrets::from_file(file).map_err(|error| {
                output::say(format_args!("ldvm: --secrets: {error}"));
                Exit::Usage
            })?;
        }
        Ok(self)
    }

    /// Carries out programs one after the other; says what happened and how to exit.
    pub(crate) fn plans(&self, programs: Vec<Program>, fail_fast: bool) -> Result<Exit, Exit> {
        // Better now than after the first plan's hour of load.
        self.secrets
            .check(&programs)
            .map_err(|missing| infrastructure("the run cannot start", &missing))?;
        self.check_gates(&programs)?;
        let mut results = Vec::new();
        let mut worst = Exit::Fine;
        for program in programs {
            let exit = match self.plan(program, &mut results) {
                Ok(exit) | Err(exit) => exit,
            };
            worst = worst.worse(exit);
            if exit == Exit::Interrupted || (fail_fast && exit != Exit::Fine) {
                break;
            }
        }
        if let Some(path) = &self.output.results {
            let results = json!({"documents": Json::Array(results)});
            worst = worst.worse(self.written("results", path, write_json(&results, path)));
        }
        Ok(worst)
    }

    fn plan(&self, program: Program, results: &mut Vec<Json>) -> Result<Exit, Exit> {
        let Self { load, network, output, .. } = self;
        let options = Options {
            threads: self.threads,
            seed: load.seed.unwrap_or_else(clock_seed),
            spin: if load.spin { Spin::LastMoment } else { Spin::Never },
            net: NetOptions {
                connect_to: network.connect_to.clone(),
                insecure: network.insecure,
                ..NetOptions::new(Clock::starting_now())
            },
            stop: self.stop.clone(),
            live: if output.no_progress && !output.quiet {
                Live::without_progress()
            } else {
                Live::new(output.quiet)
            },
            gates: output.gate.clone(),
            secrets: self.secrets.clone(),
        };
        let mut engine = Engine::new(program, options)
            .map_err(|error| infrastructure("the run cannot start", &error))?;
        let records = actions::execute(&mut engine, output.print_results);
        let mut exit = report_failures(&engine, &records);
        results.push(actions::results(&engine.program().file, &records));

        let summary = engine.summary();
        let has_run = !engine.program().tables.runs.is_empty();
        if has_run && !output.quiet {
            output::show(render::summary(&summary));
        }
        if let Some(path) = &output.summary {
            exit = exit.worse(self.written("summary", path, summary.write_to(path)));
        }
        if output.strict && summary.verdict.state == VerdictState::Invalid {
            exit = exit.worse(Exit::Invalid);
        }
        if engine.is_stopped() {
            exit = Exit::Interrupted;
        }
        Ok(exit)
    }

    /// Whether the gates of the command line are about something that programs measure.
    fn check_gates(&self, programs: &[Program]) -> Result<(), Exit> {
        let mut checked = Ok(());
        let with_runs = programs.iter().filter(|program| !program.tables.runs.is_empty());
        for program in with_runs {
            for gate in &self.output.gate {
                if let Some(why) = ld_compiler::unknown_name(gate, program) {
                    output::say(format_args!("ldvm: --gate '{gate}': {why}"));
                    checked = Err(Exit::Usage);
                }
            }
        }
        checked
    }

    /// Says where something was written to, or why it was not.
    fn written(
        &self,
        what: &str,
        path: &Path,
        written: Result<(), impl std::fmt::Display>,
    ) -> Exit {
        match written {
            Ok(()) => {
                if !self.output.quiet {
                    output::show(format_args!("  wrote the {what} to {}\n", path.display()));
                }
                Exit::Fine
            }
            Err(error) => {
                output::say(format_args!("ldvm: {error}"));
                Exit::Infrastructure
            }
        }
    }
}

fn infrastructure(what: &str, error: &dyn std::fmt::Display) -> Exit {
    output::say(format_args!("ldvm: {what}: {error}"));
    Exit::Infrastructure
}

/// Says which actions failed; the gravest of them decides the exit code.
fn report_failures(engine: &Engine, records: &[ActionRecord]) -> Exit {
    let mut exit = Exit::Fine;
    let mut failed = 0_u32;
    for record in records {
        record.each_failure(&mut |ActionRecord { command, file, line, .. }, error| {
            let file = file.as_ref().unwrap_or(&engine.program().file);
            output::say(format_args!("ldvm: {file}:{line}: {command}: {error}"));
            failed += 1;
            exit = exit.worse(if error.infrastructure {
                Exit::Infrastructure
            } else {
                Exit::ActionFailed
            });
        });
    }
    match failed {
        0 => {}
        1 => output::say("ldvm: 1 action failed"),
        _ => output::say(format_args!("ldvm: {failed} actions failed")),
    }
    exit
}

/// A seed for a run that is not to be repeated.
fn clock_seed() -> u64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    since.as_nanos() as u64
}
