//! The actions of a document, in order. One that fails does not keep the next from its turn.

mod authoring;
mod clusters;
mod document;
mod importing;
mod record;
mod records;
mod report;
mod rules;

use std::{
    io::{self, Write as _},
    time::Duration,
};

use ld_results::render::units::percent;
use ld_stdlib::{
    builtins::{self, Arguments},
    gate::Gate,
    notation::{toml, yaml},
    python::Value,
};
use ld_vm::{
    Program,
    program::{ActionRow, RunId},
};
use serde_json::{Value as Json, json};

pub use self::record::{ActionError, ActionRecord, Outcome, legacy_map};
use crate::{
    Conditioner,
    engine::{Engine, FailureBudget, Judgement, RunError, constant},
};

/// The exception of an action that cannot be carried out at all.
const EXECUTE: &str = "LoadDensityTestExecuteException";

/// Carries out every action of the engine's program. Once a stop is requested no further run
/// starts; everything else still happens, so that reports are written.
///
/// With `print_results` each list's results go to standard output as the reference prints them:
/// key and value of each action, those of inner lists first.
pub fn execute(engine: &mut Engine, print_results: bool) -> Vec<ActionRecord> {
    let actions = engine.program().tables.actions.clone();
    let mut executor = Executor { engine, print_results };
    let records = executor.list(&actions, 0);
    executor.print(&records);
    records
}

/// How a document went, as `ldvm run --results` writes it; see `docs/results.md`.
#[must_use]
pub fn results(plan: &str, records: &[ActionRecord]) -> Json {
    let mut failed = 0_u32;
    records.iter().for_each(|record| record.each_failure(&mut |_, _| failed += 1));
    json!({
        "plan": plan,
        "ok": failed == 0,
        "failed_actions": failed,
        "records": records.iter().map(ActionRecord::to_json).collect::<Json>(),
        "map": legacy_map(records).to_json(),
    })
}

struct Executor<'e> {
    engine: &'e mut Engine,
    print_results: bool,
}

impl Executor<'_> {
    /// Carries out the actions of one depth; deeper rows belong to the one they follow.
    fn list(&mut self, mut rows: &[ActionRow], depth: u32) -> Vec<ActionRecord> {
        let mut records = Vec::new();
        while let Some((row, rest)) = rows.split_first() {
            let inner = rest.iter().take_while(|row| row.depth > depth).count();
            let (inner, rest) = rest.split_at_checked(inner).unwrap_or((rest, &[]));
            let outcome = self.carry_out(row, inner);
            let text = |id| self.engine.program().consts.text(id).to_owned();
            records.push(ActionRecord {
                index: records.len(),
                command: text(row.command),
                file: row.file.0.map(text),
                line: row.line,
                written: row.written.0.map(text),
                outcome,
            });
            rows = rest;
        }
        records
    }

    fn carry_out(&mut self, row: &ActionRow, inner: &[ActionRow]) -> Result<Outcome, ActionError> {
        let engine = &mut *self.engine;
        let command = engine.program().consts.text(row.command).to_owned();
        let arguments = arguments(engine.program(), row);
        if let Some(builtin) = builtins::find(&command) {
            return Ok(Outcome::Value((builtin.call)(&arguments)?));
        }
        if let Some(made) = importing::carry_out(&command, &arguments) {
            return made.map(Outcome::Value);
        }
        let value = match command.as_str() {
            "LD_start_test" => {
                let Some(run) = row.run.0 else {
                    return Err(ActionError::new(EXECUTE, "the action has no run"));
                };
                start_test(engine, run, &arguments)?
            }
            "LD_execute_action" => {
                let records = self.list(inner, row.depth + 1);
                self.print(&records);
                return Ok(Outcome::Records(records));
            }
            "LD_execute_files" => {
                return Ok(Outcome::Files(self.list(inner, row.depth + 1)));
            }
            // What these do to later runs was compiled into them.
            "LD_register_variable"
            | "LD_register_variables"
            | "LD_register_csv_source"
            | "LD_register_csv_sources"
            | "LD_register_db_source"
            | "LD_register_db_sources" => Value::None,
            "LD_clear_resolver" => json!({"status": "cleared"}).into(),
            "LD_clear_records" => {
                engine.clear();
                json!({"status": "cleared"}).into()
            }
            "LD_summary" => summary_of(engine, &arguments)?.into(),
            "LD_generate_summary_report" => summary_report(engine, &arguments)?,
            "LD_generate_junit_report" => junit_report(engine, &arguments)?,
            "LD_evaluate_sla" => {
                Value::List(rules::evaluate(&arguments, &summary(engine, &arguments)?))
            }
            "LD_assert_sla" => return rules::assert(&arguments, &summary(engine, &arguments)?),
            "LD_cluster_errors" => cluster_errors(engine, &arguments).into(),
            "LD_install_failure_budget" => {
                let budget = failure_budget(&arguments);
                engine.set_failure_budget(Some(budget));
                json!({
                    "threshold": budget.threshold,
                    "window_seconds": budget.window.as_secs_f64(),
                    "min_samples": budget.min_samples,
                    "on_trip": if budget.stop { "stop" } else { "mark" },
                })
                .into()
            }
            "LD_uninstall_failure_budget" => {
                engine.set_failure_budget(None);
                Value::None
            }
            "LD_install_network_conditioner" => {
                let conditioner = conditioner(&arguments);
                let settings = json!({
                    "latency_ms": conditioner.latency.as_secs_f64() * 1e3,
                    "jitter_ms": conditioner.jitter.as_secs_f64() * 1e3,
                    "loss_rate": conditioner.loss_rate,
                    "name_filter": conditioner.name_filter,
                });
                engine.set_conditioner(Some(conditioner));
                settings.into()
            }
            "LD_uninstall_network_conditioner" => {
                engine.set_conditioner(None);
                Value::None
            }
            "LD_read_action_yaml" => document::read("yaml_file_path", &arguments, yaml::parse)?,
            "LD_read_action_toml" => document::read("toml_file_path", &arguments, toml::parse)?,
            "LD_write_action_yaml" => authoring::write_yaml(&arguments)?,
            "LD_write_action_toml" => authoring::write_toml(&arguments)?,
            "LD_format_action_document" => authoring::document(&arguments),
            "LD_format_action_string" => authoring::string(&arguments)?,
            "LD_format_action_file" => authoring::file(&arguments)?,
            "LD_lint_action" => authoring::lint(&arguments),
            "LD_lint_action_file" => authoring::lint_file(&arguments)?,
            "LD_export_schema" => authoring::export_schema(&arguments)?,
            "LD_add_package_to_executor" => return Err(refuse_package(&arguments)),
            "print" => {
                print(&builtins::printed(&arguments));
                Value::None
            }
            _ => {
                let message = format!("this build does not carry out `{command}`");
                return Err(ActionError::new(EXECUTE, message));
            }
        };
        Ok(Outcome::Value(value))
    }

    /// Prints a list's results, if that is wanted.
    fn print(&self, records: &[ActionRecord]) {
        if let (true, Value::Dict(results)) = (self.print_results, legacy_map(records)) {
            for (key, value) in results {
                print(&format!("{key}\n{}\n", value.text()));
            }
        }
    }
}

/// Writes to standard output. A reader that went away has seen enough.
fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// The arguments of an action.
fn arguments(program: &Program, action: &ActionRow) -> Arguments {
    let rows = Program::rows(&program.tables.arguments, action.arguments);
    let named = rows.iter().map(|row| {
        let name = program.consts.text(row.name).to_owned();
        (name, constant(program.value(row.value)))
    });
    Arguments(named.collect())
}

/// The gates of a run, which the compiler has written in full.
fn gates(arguments: &Arguments) -> Vec<Gate> {
    match arguments.get("gates") {
        Some(Value::List(gates)) => {
            gates.iter().filter_map(|gate| Gate::parse(&gate.text()).ok()).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether a run kept to its gates and its failure budget.
fn judge(judgement: &Judgement, budget: Option<FailureBudget>) -> Result<(), ActionError> {
    if let (Some(rate), Some(budget)) = (judgement.tripped, budget) {
        let message = format!(
            "failure budget spent: {} of the requests of {} s failed, more than {}",
            percent(rate),
            budget.window.as_secs_f64(),
            percent(budget.threshold)
        );
        return Err(ActionError::new("CircuitOpenError", message));
    }
    let failed = judgement.gates.iter().filter(|gate| !gate.passed);
    let reasons: Vec<String> = failed
        .map(|gate| match gate.actual {
            Some(_) => gate.reason.clone(),
            None => format!("{}: {}", gate.gate, gate.reason),
        })
        .collect();
    if reasons.is_empty() {
        return Ok(());
    }
    let message = format!("gates failed: {}", reasons.join("; "));
    Err(ActionError::new("LoadDensityAssertException", message))
}

/// The budget that an action installs; its arguments were checked by the compiler.
fn failure_budget(arguments: &Arguments) -> FailureBudget {
    let number = |name: &str, default: f64| arguments.number(name).unwrap_or(default);
    FailureBudget {
        threshold: number("threshold", 0.05),
        window: Duration::try_from_secs_f64(number("window_seconds", 30.0)).unwrap_or_default(),
        min_samples: number("min_samples", 50.0) as u64,
        stop: arguments.text("on_trip") != Some("mark"),
    }
}

/// The conditioner that an action installs; its arguments were checked by the compiler.
fn conditioner(arguments: &Arguments) -> Conditioner {
    let number = |name: &str| arguments.number(name).unwrap_or(0.0);
    let ms = |name| Duration::try_from_secs_f64(number(name) / 1e3).unwrap_or_default();
    Conditioner {
        latency: ms("latency_ms"),
        jitter: ms("jitter_ms"),
        loss_rate: number("loss_rate"),
        name_filter: arguments.text("name_filter").map(str::to_owned),
    }
}

fn start_test(
    engine: &mut Engine,
    run: RunId,
    arguments: &Arguments,
) -> Result<Value, ActionError> {
    if engine.is_stopped() {
        return Err(ActionError::new(EXECUTE, "not started, because the run was interrupted"));
    }
    let judgement = engine.run(run, &gates(arguments)).map_err(|error| match error {
        RunError::Machine(_) => {
            ActionError { infrastructure: true, ..ActionError::new("OSError", error.to_string()) }
        }
        RunError::UsedUp(_) | RunError::Setup(_) => ActionError::new(EXECUTE, error.to_string()),
    })?;
    judge(&judgement, engine.failure_budget())?;
    let given = |name: &str, default: Value| arguments.get(name).cloned().unwrap_or(default);
    let members = [
        ("user_detail", given("user_detail_dict", Value::Dict(Vec::new()))),
        ("user_count", given("user_count", Value::Int(50))),
        ("spawn_rate", given("spawn_rate", Value::Int(10))),
        ("test_time", given("test_time", Value::Int(60))),
        ("web_ui", given("web_ui_dict", Value::None)),
        ("runner_mode", given("runner_mode", Value::Str("local".to_owned()))),
    ];
    Ok(Value::Dict(members.map(|(name, value)| (name.to_owned(), value)).into()))
}

/// The summary an action is given, or that of the runs so far.
fn summary(engine: &Engine, arguments: &Arguments) -> Result<Json, ActionError> {
    match arguments.get("summary") {
        Some(given @ Value::Dict(_)) => Ok(given.to_json()),
        _ => serde_json::to_value(engine.summary())
            .map_err(|error| ActionError::new(EXECUTE, error.to_string())),
    }
}

/// The summary of the records an action is given, or that of the runs so far.
fn summary_of(engine: &Engine, arguments: &Arguments) -> Result<Json, ActionError> {
    let list = |name: &str| match arguments.get(name).map(Value::to_json) {
        Some(Json::Array(records)) => Some(records),
        _ => None,
    };
    match (list("success"), list("failures")) {
        (None, None) => summary(engine, &Arguments::default()),
        (successes, failures) => {
            Ok(records::summary(&successes.unwrap_or_default(), &failures.unwrap_or_default()))
        }
    }
}

fn summary_report(engine: &Engine, arguments: &Arguments) -> Result<Value, ActionError> {
    let name = arguments.text("report_name").unwrap_or("loaddensity-summary");
    let path = report::path(&format!("{name}.json"))?;
    let written = engine.summary().write_to(&path);
    written.map_err(|error| ActionError::new("OSError", error.to_string()))?;
    Ok(Value::Str(path.to_string_lossy().into_owned()))
}

fn junit_report(engine: &Engine, arguments: &Arguments) -> Result<Value, ActionError> {
    let name = arguments.text("report_name").unwrap_or("loaddensity-junit");
    let path = report::path(&format!("{name}.xml"))?;
    let suite = ld_results::render::junit(&engine.summary());
    let written = ld_results::write_text(&suite, &path);
    written.map_err(|error| ActionError::new("OSError", error.to_string()))?;
    Ok(Value::Str(path.to_string_lossy().into_owned()))
}

/// Clusters of the records given, or of the failures of the runs so far.
fn cluster_errors(engine: &Engine, arguments: &Arguments) -> Json {
    match arguments.get("records").map(Value::to_json) {
        Some(Json::Array(records)) => {
            let text = |record: &Json, key: &str| match record.get(key) {
                Some(Json::String(text)) if !text.is_empty() => Some(text.clone()),
                Some(Json::Null) | None => None,
                Some(other) => Some(other.to_string()),
            };
            let failures: Vec<_> = records
                .iter()
                .map(|record| {
                    let name = text(record, "name").or_else(|| text(record, "test_url"));
                    let error = text(record, "error").or_else(|| text(record, "status_code"));
                    (name.unwrap_or_else(|| "unknown".to_owned()), error.unwrap_or_default())
                })
                .collect();
            let failures = failures.iter();
            clusters::clusters(failures.map(|(name, text)| clusters::Failure {
                name,
                text,
                count: 1,
            }))
        }
        _ => {
            let summary = engine.summary();
            clusters::clusters(summary.errors.iter().map(|group| clusters::Failure {
                name: &group.name,
                text: &group.text,
                count: group.count,
            }))
        }
    }
}

/// There is nothing a package could add to: no Python here.
fn refuse_package(arguments: &Arguments) -> ActionError {
    let name = arguments.text("package").unwrap_or_default();
    let message = format!(
        "package '{name}' is not allowed; the host must call executor.allow_packages(...) or \
         executor.set_allow_arbitrary_packages(True)"
    );
    ActionError::new(EXECUTE, message)
}

#[cfg(test)]
mod tests {
    use ld_vm::{
        build::Builder,
        program::{Many, Maybe},
    };

    use super::*;
    use crate::{
        Live, Options, Spin, Stop,
        net::{Clock, NetOptions},
    };

    /// An engine for actions of these depths and commands, without arguments.
    fn engine(commands: &[(u32, &str)]) -> Engine {
        let mut builder = Builder::new("plan.json", "", true);
        for (&(depth, command), line) in commands.iter().zip(1..) {
            let command = builder.constant(command.as_bytes());
            let (run, arguments) = (Maybe(None), Many::default());
            let (file, written) = (Maybe(None), Maybe(None));
            let row = ActionRow { command, line, run, arguments, depth, file, written };
            builder.program_mut().tables.actions.push(row);
        }
        let options = Options {
            threads: 1,
            seed: 1,
            spin: Spin::Never,
            net: NetOptions::new(Clock::starting_now()),
            stop: Stop::by_hand().1,
            live: Live::new(true),
            gates: Vec::new(),
            secrets: crate::Secrets::default(),
        };
        Engine::new(builder.finish(), options).unwrap()
    }

    fn values(records: &[ActionRecord]) -> Vec<String> {
        records.iter().map(|record| record.legacy().text()).collect()
    }

    #[test]
    fn an_action_that_fails_does_not_keep_the_next_from_its_turn() {
        let commands = ["LD_clear_records", "LD_bake_a_cake", "LD_summary"];
        let mut engine = engine(&commands.map(|command| (0, command)));
        let records = execute(&mut engine, false);
        let places: Vec<_> = records.iter().map(|record| (record.index, record.line)).collect();
        assert_eq!(places, [(0, 1), (1, 2), (2, 3)]);
        let values = values(&records);
        assert_eq!(values[0], "{'status': 'cleared'}");
        assert_eq!(
            values[1],
            "LoadDensityTestExecuteException('this build does not carry out `LD_bake_a_cake`')"
        );
        assert!(values[2].contains("'requests': 0"), "{}", values[2]);
    }

    #[test]
    fn actions_inside_others_are_carried_out_with_them() {
        let mut engine = engine(&[
            (0, "LD_execute_action"),
            (1, "LD_clear_records"),
            (1, "LD_execute_files"),
            (2, "LD_execute_action"),
            (3, "nope"),
            (1, "LD_clear_resolver"),
            (0, "LD_clear_records"),
        ]);
        let records = execute(&mut engine, false);
        assert_eq!(records.len(), 2);
        let cleared = "{'status': 'cleared'}";
        let nope = "\"LoadDensityTestExecuteException('this build does not carry out `nope`')\"";
        assert_eq!(
            values(&records),
            [
                format!(
                    "{{\"execute: ['LD_clear_records']\": {cleared}, \"execute: ['LD_execute_files']\": \
                     [{{\"execute: ['nope']\": {nope}}}], \"execute: ['LD_clear_resolver']\": {cleared}}}"
                ),
                cleared.to_owned()
            ]
        );
        let mut failures = 0;
        records.iter().for_each(|record| record.each_failure(&mut |_, _| failures += 1));
        assert_eq!(failures, 1);
    }
}
