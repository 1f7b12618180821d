//! The actions of a document, in order. One that fails does not keep the next from its turn.

use std::{
    env, fs,
    path::{Component, Path, PathBuf},
};

use ld_vm::{
    Program, Value,
    program::{ActionRow, RunId},
};
use serde_json::{Value as Json, json};

use crate::engine::Engine;

/// Where relative report files go when it is set, as in the reference.
const ARTIFACT_DIR: &str = "TEST_PIONEER_ARTIFACT_DIR";

/// How an action went.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionRecord {
    /// The command's name.
    pub command: String,
    /// Its line in the plan, from 1.
    pub line: u32,
    /// What it gave back.
    pub outcome: Result<Json, ActionError>,
}

/// Why an action failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionError {
    /// What happened, for a person.
    pub message: String,
    /// Whether this machine is to blame rather than the plan: a run could not start or go on.
    pub infrastructure: bool,
}

/// Carries out every action of the engine's program. Once a stop is requested no further run
/// starts; everything else still happens, so that reports are written.
pub fn execute(engine: &mut Engine) -> Vec<ActionRecord> {
    let actions = engine.program().tables.actions.clone();
    let mut records = Vec::with_capacity(actions.len());
    for action in actions {
        let command = engine.program().consts.text(action.command).to_owned();
        let outcome = carry_out(engine, &command, &action);
        records.push(ActionRecord { command, line: action.line, outcome });
    }
    records
}

fn carry_out(engine: &mut Engine, command: &str, action: &ActionRow) -> Result<Json, ActionError> {
    match command {
        "LD_start_test" => match action.run.0 {
            Some(run) => start_test(engine, run),
            None => Err(failed("the action has no run".into())),
        },
        // What these do to later runs was compiled into them.
        "LD_register_variable"
        | "LD_register_variables"
        | "LD_register_csv_source"
        | "LD_register_csv_sources" => Ok(Json::Null),
        "LD_clear_resolver" => Ok(json!({"status": "cleared"})),
        "LD_clear_records" => {
            engine.clear();
            Ok(json!({"status": "cleared"}))
        }
        "LD_summary" => {
            serde_json::to_value(engine.summary()).map_err(|error| failed(error.to_string()))
        }
        "LD_generate_summary_report" => {
            let name = text_argument(engine.program(), action, "report_name");
            summary_report(engine, name.as_deref().unwrap_or("loaddensity-summary"))
        }
        _ => Err(failed(format!("this build does not carry out `{command}`"))),
    }
}

fn start_test(engine: &mut Engine, run: RunId) -> Result<Json, ActionError> {
    if engine.is_stopped() {
        return Err(failed("not started, because the run was interrupted".into()));
    }
    match engine.run(run) {
        Ok(()) => Ok(Json::Null),
        Err(error) => Err(ActionError { message: error.to_string(), infrastructure: true }),
    }
}

fn summary_report(engine: &Engine, name: &str) -> Result<Json, ActionError> {
    let folder = env::var_os(ARTIFACT_DIR).filter(|folder| !folder.is_empty());
    let path = placed(&format!("{name}.json"), folder.map(PathBuf::from))?;
    engine.summary().write_to(&path).map_err(|error| failed(error.to_string()))?;
    Ok(path.to_string_lossy().into())
}

/// Where a report file goes: below `folder`, if there is one and the name stays in it. Folders
/// below it are made.
fn placed(name: &str, folder: Option<PathBuf>) -> Result<PathBuf, ActionError> {
    let Some(folder) = folder.filter(|_| stays_inside(Path::new(name))) else {
        return Ok(name.into());
    };
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|error| {
            failed(format!("cannot make the folder {}: {error}", parent.display()))
        })?;
    }
    Ok(path)
}

/// Whether a path names something below the folder it starts from.
fn stays_inside(path: &Path) -> bool {
    let mut depth = 0_i32;
    path.components().all(|component| {
        depth += match component {
            Component::Normal(_) => 1,
            Component::CurDir => 0,
            Component::ParentDir => -1,
            Component::RootDir | Component::Prefix(_) => return false,
        };
        depth >= 0
    })
}

fn text_argument(program: &Program, action: &ActionRow, name: &str) -> Option<String> {
    let arguments = Program::rows(&program.tables.arguments, action.arguments);
    let row = arguments.iter().find(|row| program.consts.text(row.name) == name)?;
    match program.value(row.value) {
        Value::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        _ => None,
    }
}

fn failed(message: String) -> ActionError {
    ActionError { message, infrastructure: false }
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

    fn engine(commands: &[&str]) -> Engine {
        let mut builder = Builder::new("plan.json", "", true);
        for (command, line) in commands.iter().zip(1..) {
            let command = builder.constant(command.as_bytes());
            let row = ActionRow { command, line, run: Maybe(None), arguments: Many::default() };
            builder.program_mut().tables.actions.push(row);
        }
        let options = Options {
            threads: 1,
            seed: 1,
            spin: Spin::Never,
            net: NetOptions::new(Clock::starting_now()),
            stop: Stop::by_hand().1,
            live: Live::new(true),
        };
        Engine::new(builder.finish(), options).unwrap()
    }

    #[test]
    fn an_action_that_fails_does_not_keep_the_next_from_its_turn() {
        let mut engine = engine(&["LD_clear_records", "LD_bake_a_cake", "LD_summary"]);
        let records = execute(&mut engine);
        let lines: Vec<_> = records.iter().map(|record| record.line).collect();
        assert_eq!(lines, [1, 2, 3]);
        let [cleared, unknown, summary] =
            <[_; 3]>::try_from(records).unwrap().map(|record| record.outcome);
        assert_eq!(cleared, Ok(json!({"status": "cleared"})));
        assert_eq!(unknown, Err(failed("this build does not carry out `LD_bake_a_cake`".into())));
        assert_eq!(summary.unwrap()["totals"]["requests"], 0);
    }

    #[test]
    fn reports_go_below_the_folder_unless_their_name_leads_out_of_it() {
        let folder = env::temp_dir().join(format!("ld-runtime-placed-{}", std::process::id()));
        let placed = |name| placed(name, Some(folder.clone())).unwrap();
        assert_eq!(placed("a.json"), folder.join("a.json"));
        assert_eq!(placed("sub/../b/a.json"), folder.join("sub/../b/a.json"));
        assert!(folder.join("b").is_dir());
        assert_eq!(placed("../a.json"), Path::new("../a.json"));
        assert_eq!(placed("a/../../a.json"), Path::new("a/../../a.json"));
        assert_eq!(placed("/tmp/a.json"), Path::new("/tmp/a.json"));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn without_a_folder_names_are_taken_as_they_are() {
        assert_eq!(placed("x/a.json", None).unwrap(), Path::new("x/a.json"));
    }
}
