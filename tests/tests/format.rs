//! `ldc fmt` changes the layout of a plan, and nothing else; `ldc check --fix` makes no plan worse.
#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

use ld_compiler::diag::{Code, Severity};
use ld_compiler::fix::fix;
use ld_compiler::format::format;
use ld_compiler::{Files, Options, Source, compile, listing};
use ld_tests::{cases, plans};

/// Every JSON file among the cases that can be read as JSON.
fn all() -> Vec<PathBuf> {
    let folders = ["compile", "run", "diagnostics", "parity", "wire"];
    let mut found: Vec<PathBuf> = folders
        .iter()
        .map(|folder| cases::folder(folder))
        .filter(|folder| folder.exists())
        .flat_map(|folder| cases::files(&folder, "json").unwrap())
        .collect();
    found.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime/ldvm/demo/demo.json"));
    found
}

fn source(path: &Path) -> Option<Source> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (source, problem) = Source::from_bytes(name, fs::read(path).unwrap());
    problem.is_none().then_some(source)
}

/// What a plan compiles to, apart from its text and the lines of its tasks.
fn program(source: &Source, files: &dyn Files) -> Option<String> {
    let options = Options { files, strip: true, ..Options::new() };
    let text = listing(&compile(source, &options).program?);
    let lines = text.lines().filter(|line| !line.starts_with("task "));
    // Remarks are places in the plan, and counts of what places take.
    let bare = |line: &str| match line.rfind("; ") {
        Some(at) if !line[at..].contains('"') => line[..at].trim_end().to_owned(),
        _ => line.to_owned(),
    };
    Some(lines.map(bare).collect::<Vec<_>>().join("\n"))
}

fn codes(source: &Source, files: &dyn Files) -> Vec<Code> {
    let options = Options { files, ..Options::new() };
    let mut codes: Vec<_> = compile(source, &options).diagnostics.iter().map(|p| p.code).collect();
    codes.retain(|code| *code != Code::TrailingComma);
    codes.sort();
    codes
}

#[test]
fn formatting_is_stable_and_changes_no_program() {
    let mut count = 0;
    for path in all() {
        let Some(before) = source(&path) else { continue };
        let Ok(text) = format(&before) else { continue };
        let after = Source::new(before.name(), text);
        let place = path.display();
        assert_eq!(format(&after).unwrap(), after.text(), "{place} is stable");
        let files = plans::Folder(plans::folder(&path).to_owned());
        assert_eq!(codes(&after, &files), codes(&before, &files), "{place} has the same problems");
        assert_eq!(program(&after, &files), program(&before, &files), "{place} is the same");
        let comments = |source: &Source| source.text().matches("//").count();
        assert_eq!(comments(&after), comments(&before), "{place} keeps its comments");
        count += 1;
    }
    assert!(count > 250, "only {count} plans");
}

#[test]
fn fixing_makes_no_plan_worse_and_ends() {
    for path in all() {
        let Some(before) = source(&path) else { continue };
        let files = plans::Folder(plans::folder(&path).to_owned());
        let options = Options { files: &files, ..Options::new() };
        let fixed = fix(&before, &options);
        let after = Source::new(before.name(), fixed.text);
        let errors = |source: &Source| {
            let found = compile(source, &options).diagnostics;
            found.iter().filter(|problem| problem.severity == Severity::Error).count()
        };
        assert!(errors(&after) <= errors(&before), "{}", path.display());
        assert_eq!(fix(&after, &options).cured.len(), 0, "{}", path.display());
    }
}
