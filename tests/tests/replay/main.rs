//! Imported plans against what the original tool sends.
//!
//! A case is a file in `tests/cases/importers/KIND`. Its plan, notes included, is beside it
//! (`NAME.plan.json`); and where the original tool can run it, both send their requests to a
//! server that keeps them, and the two lists must be equal but for what is said in
//! [`compare`].
#![cfg(test)]

mod answers;
mod compare;
mod corpus;
mod curl;
mod har;
mod jmeter;
mod k6;
mod k6_grpc;
mod openapi;
mod postman;
mod redis;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ld_tests::cases;
use ld_tests::command::Folder;

/// Holds the plans of cases to those beside them. `import` gives the plan of a case, and what
/// was said of it.
fn plans_are_as_expected(
    cases: impl IntoIterator<Item = PathBuf>,
    import: impl Fn(&Path) -> (String, String),
) {
    let mut failures = Vec::new();
    for case in cases {
        let (plan, stderr) = import(&case);
        if stderr.contains("error[") {
            failures.push(format!("{}: {stderr}", case.display()));
        }
        failures.extend(cases::compare(&case.with_extension("plan.json"), &plan).err());
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The plan of a case, as `ldc import` writes it.
fn import(folder: &Folder, file: &str) -> (String, String) {
    let args = ["import", file, "-o", "plan.json", "--secrets", "secrets.env", "--users", "1"];
    let outcome = folder.call("ldc").unwrap().args(args).run().unwrap();
    assert_eq!(outcome.code, Some(0), "{file}: {}", outcome.stderr);
    (fs::read_to_string(folder.path().join("plan.json")).unwrap(), outcome.stderr)
}

/// Runs the plan once. `to` are options that say where hosts lead.
fn run_plan(folder: &Folder, to: &[&str]) {
    let args =
        ["run", "plan.json", "--users", "1", "--iterations", "1", "--secrets", "secrets.env", "-q"];
    let call = folder.call("ldvm").unwrap().env("DO_API_TOKEN", "do1").args(args).args(to);
    let outcome = call.limit(Duration::from_secs(50)).run().unwrap();
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
}

/// The folder of public sources of a kind, where it is at hand: `LD_CORPUS`, or beside the project.
fn corpus(kind: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let corpus = std::env::var_os("LD_CORPUS").map_or(beside, PathBuf::from);
    let folder = corpus.join(kind);
    folder.is_dir().then_some(folder)
}
