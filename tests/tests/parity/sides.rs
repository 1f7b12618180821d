//! The two that run a plan.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use ld_tests::command::Folder;
use ld_tests::python;
use serde_json::{Value, json};

use super::case::Case;
use super::outcome;
use super::peers::Peers;

/// How many runs of `ldvm` go on at a time; they mostly wait.
const PARALLEL: usize = 3;

/// A case ready to be run: a folder with the plan, and the peers it talks to.
struct Stage {
    folder: Folder,
    peers: Peers,
}

impl Stage {
    fn new(case: &Case) -> io::Result<Self> {
        let folder = Folder::new()?;
        let peers = Peers::start(&case.replies, folder.path())?;
        folder.write("plan.json", peers.fill_in(&case.plan))?;
        for (name, content) in &case.files {
            folder.write(name, peers.fill_in(content))?;
        }
        Ok(Self { folder, peers })
    }
}

/// What LoadDensity does with each of the cases.
pub(crate) fn reference(cases: &[Case]) -> io::Result<Vec<Value>> {
    let stages: Vec<Stage> = cases.iter().map(Stage::new).collect::<io::Result<_>>()?;
    let jobs = cases.iter().zip(&stages).map(|(case, stage)| {
        let mut env = case.env.clone();
        env.values_mut().for_each(|value| *value = stage.peers.fill_in(value));
        json!({"folder": stage.folder.path(), "env": env})
    });
    python::run("reference", &Value::from_iter(jobs))?;
    let mut outcomes = Vec::new();
    for (case, stage) in cases.iter().zip(&stages) {
        let report = stage.folder.json("reference.json").map_err(|error| {
            io::Error::other(format!("{}: the reference left no report: {error}", case.name))
        })?;
        outcomes.push(outcome::of_reference(&report, &stage.peers, &reports(stage)));
    }
    Ok(outcomes)
}

/// What `ldvm` does with each of the cases when it gets these arguments, too.
pub(crate) fn ldvm(cases: &[&Case], arguments: &[&str]) -> Vec<Value> {
    let next = Mutex::new(cases.iter().enumerate());
    let outcomes = Mutex::new(vec![Value::Null; cases.len()]);
    let work = || loop {
        let taken = next.lock().unwrap().next();
        let Some((index, case)) = taken else { return };
        let outcome = ldvm_one(case, arguments).unwrap_or_else(|error| json!(error.to_string()));
        outcomes.lock().unwrap()[index] = outcome;
    };
    thread::scope(|scope| {
        for _ in 0..PARALLEL {
            scope.spawn(work);
        }
    });
    outcomes.into_inner().unwrap()
}

fn ldvm_one(case: &Case, arguments: &[&str]) -> io::Result<Value> {
    let stage = Stage::new(case)?;
    let mut call = stage.folder.call("ldvm")?.args(["run", "plan.json", "--no-progress"]);
    call = call.args(["--summary", "of-ldvm.summary", "--results", "of-ldvm.results"]);
    call = call.args(arguments);
    for (name, value) in &case.env {
        call = call.env(name, &stage.peers.fill_in(value));
    }
    let ended = call.run()?;
    let summary = stage.folder.json("of-ldvm.summary").unwrap_or_default();
    let results = stage.folder.json("of-ldvm.results").unwrap_or_default();
    let mut outcome = outcome::of_ldvm(&ended, &summary, &results, &stage.peers, &reports(&stage));
    if case.warnings {
        outcome["warnings"] = outcome::codes(&ended, "warning").into();
    }
    Ok(outcome)
}

/// The JSON and text files that a plan had written, by name.
fn reports(stage: &Stage) -> Vec<(String, Value)> {
    let mut reports = Vec::new();
    for entry in fs::read_dir(stage.folder.path()).into_iter().flatten().map_while(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_input = ["plan.json", "reference.json"].contains(&name.as_str());
        let content = match Path::new(&name).extension().and_then(OsStr::to_str) {
            Some("json") if !is_input => stage.folder.json(&name).unwrap_or_default(),
            Some("txt") => fs::read_to_string(entry.path()).unwrap_or_default().into(),
            _ => continue,
        };
        reports.push((name, content));
    }
    reports.sort_by(|one, other| one.0.cmp(&other.0));
    reports
}
