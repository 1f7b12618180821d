//! Public sources that are not copied into the project: what becomes of each, wherever they are
//! at hand. A snapshot in `tests/cases/importers/corpus` holds the plan with its notes, or why
//! there is none.

use std::fs;
use std::path::{Path, PathBuf};

use ld_tests::cases;
use ld_tests::command::Folder;

use crate::corpus;

/// Files that have no snapshot, with the reason.
const WITHOUT: &[(&str, &str)] = &[
    ("k6-converter-example.har", "its licence, AGPL-3.0, would be that of the snapshot too"),
    ("wpt-bbc-large.har", "4 MB: its snapshot would be longer than all the others together"),
];

#[test]
fn plans_of_what_is_not_copied_are_as_expected() {
    let mut failures = Vec::new();
    for kind in ["curl", "har", "jmeter", "openapi", "postman"] {
        let Some(sources) = corpus(kind) else { continue };
        let folder = Folder::new().unwrap();
        copy_all(&sources, folder.path());
        for name in names(&sources) {
            let is_copied = cases::folder("importers").join(kind).join(&name).exists();
            if is_copied || WITHOUT.iter().any(|(without, _)| *without == name) {
                continue;
            }
            let args = ["import", kind, &name];
            let outcome = folder.call("ldc").unwrap().args(args).run().unwrap();
            let (text, extension) = match outcome.code {
                Some(0) => (outcome.stdout, "plan.json"),
                _ => (outcome.stderr, "refused.txt"),
            };
            let snapshot =
                format!("importers/corpus/{kind}/{}.{extension}", name.replace('/', "-"));
            failures.extend(cases::compare(&cases::folder(&snapshot), &text).err());
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The sources of a folder: its files, and the roots of those that are one in several files.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = entries(folder)
        .into_iter()
        .filter(|path| path.is_file())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "SOURCES.md")
        .collect();
    let several = "petstore-separate/spec/swagger.json";
    if folder.join(several).exists() {
        names.push(several.to_owned());
    }
    names.sort();
    names
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// Copies a folder with all that is in it.
pub(crate) fn copy_all(from: &Path, to: &Path) {
    for path in entries(from) {
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            fs::create_dir_all(&to).unwrap();
            copy_all(&path, &to);
        } else {
            fs::write(&to, fs::read(&path).unwrap()).unwrap();
        }
    }
}
