//! The schema of plans accepts every plan that compiles, and rejects those of the wrong shape.
#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use ld_compiler::diag::{Code, Severity};
use ld_compiler::json::{self, Kind, Node};
use ld_stdlib::schema::schema;
use ld_tests::{cases, plans};
use serde_json::{Map, Value as Json};

/// Errors of the wrong shape, which a schema sees.
const OF_SHAPE: &[Code] = &[
    Code::BadDocument,
    Code::UnknownField,
    Code::UnknownCommand,
    Code::BadAction,
    Code::UnknownArgument,
    Code::MissingArgument,
    Code::WrongType,
    Code::OutOfRange,
    Code::MissingUrl,
    Code::MissingMethod,
    Code::UnknownMethod,
    Code::UnknownAssertion,
    Code::UnknownExtractor,
    Code::MissingField,
    Code::UnknownValue,
    Code::NoTasks,
];

/// Cases of such errors that it accepts, and why.
const ACCEPTED: &[(&str, &str)] = &[
    ("LD0208-connection-string", "which databases there are is the compiler's business"),
    (
        "LD0208-loops",
        "what variables and expressions in the key of a block give is the compiler's business",
    ),
    (
        "LD0208-value-known-only-at-run-time",
        "what placeholders stand for is the compiler's business",
    ),
    (
        "LD0214-nothing-to-check",
        "which replies have what an assertion reads depends on the protocol",
    ),
    ("LD0216-relative-url-without-host", "what a relative URL is relative to may stand elsewhere"),
    ("LD0217-database", "which databases there are is the compiler's business"),
    ("LD0219-bad-websocket-url", "whether a text is a URL is the compiler's business"),
    ("LD0219-signed-auth", "what each type of `auth` takes is the compiler's business"),
];

fn value(node: &Node<'_>) -> Json {
    match &node.kind {
        Kind::Null | Kind::Invalid => Json::Null,
        Kind::Bool(flag) => Json::Bool(*flag),
        Kind::Number(number) => serde_json::from_str(&number.text()).unwrap(),
        Kind::String(text) => Json::String(text.to_string()),
        Kind::Array(items) => items.iter().map(value).collect(),
        Kind::Object(members) => {
            let members =
                members.iter().map(|member| (member.key.text.to_string(), value(&member.value)));
            Json::Object(members.collect::<Map<_, _>>())
        }
    }
}

fn document(path: &Path) -> Option<Json> {
    let text = String::from_utf8(fs::read(path).unwrap()).ok()?;
    let mut problems = Vec::new();
    let root = json::parse(&text, &mut problems);
    problems.retain(|problem| problem.severity == Severity::Error);
    problems.is_empty().then(|| value(&root))
}

fn files(folders: &[&str]) -> Vec<PathBuf> {
    let folders =
        folders.iter().map(|folder| cases::folder(folder)).filter(|folder| folder.exists());
    folders.flat_map(|folder| cases::files(&folder, "json").unwrap()).collect()
}

/// What is wrong with a document, in the words of the schema.
fn complaints(schema: &Validator, document: &Json) -> String {
    let complaints = schema.iter_errors(document);
    complaints.map(|error| format!("\n  {}: {error:.300}", error.instance_path())).collect()
}

#[test]
fn it_accepts_every_plan_that_compiles() {
    let schema = jsonschema::validator_for(&schema(None)).unwrap();
    let mut wrong = String::new();
    let mut count = 0;
    for path in files(&["compile", "run", "diagnostics", "parity", "wire"]) {
        let Some(document) = document(&path) else { continue };
        if plans::compile_file(&path, true).unwrap().1.program.is_none() {
            continue;
        }
        count += 1;
        let complaints = complaints(&schema, &document);
        if !complaints.is_empty() {
            wrong += &format!("{}:{complaints}\n", path.display());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 150, "only {count} plans");
}

#[test]
fn it_rejects_plans_of_the_wrong_shape() {
    let schema = jsonschema::validator_for(&schema(None)).unwrap();
    let mut accepted = Vec::new();
    for path in files(&["diagnostics"]) {
        let Some(document) = document(&path) else { continue };
        let name = plans::name(&path);
        let problems = plans::compile_file(&path, true).unwrap().1.diagnostics;
        let of_shape = problems
            .iter()
            .any(|problem| problem.severity == Severity::Error && OF_SHAPE.contains(&problem.code));
        if of_shape && schema.is_valid(&document) {
            accepted.push(name);
        }
    }
    let expected: Vec<_> = ACCEPTED.iter().map(|(name, _)| *name).collect();
    assert_eq!(accepted, expected);
}
