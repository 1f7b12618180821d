//! The pages that `ldc explain` prints show what they say: the wrong example has the
//! problem, and the right one compiles without a word.

use std::io::{self, Read};

use ld_compiler::diag::{CODES, Code, Source, render};
use ld_compiler::{Files, Options, compile};

/// The data files of the examples.
struct Example;

impl Files for Example {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read>> {
        match path {
            "setup.json" | "load.json" => Ok(Box::new(&b"[[\"LD_clear_records\"]]"[..])),
            "example.json" => Ok(Box::new(&b"[]"[..])),
            "users.csv" => Ok(Box::new(&b"name,city\nann,Oslo\n"[..])),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn look(&self, path: &str) -> io::Result<()> {
        if path == "photo.jpg" { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
    }
}

/// The codes found in a plan, and all that was said about it.
fn codes(plan: &str) -> (Vec<Code>, String) {
    let options = Options { files: &Example, ..Options::new() };
    let source = Source::new("example.json", plan);
    let compiled = compile(&source, &options);
    let text = render::text(&compiled.diagnostics, &source, render::Style::default());
    (compiled.diagnostics.iter().map(|problem| problem.code).collect(), text)
}

/// The example under a heading, if it is a plan or a part of one.
fn example(page: &'static str, heading: &str) -> Option<&'static str> {
    let (_, after) = page.split_once(heading)?;
    let (language, rest) = after.split_once("```")?.1.split_once('\n')?;
    language.starts_with("json").then(|| rest.split("\n```").next())?
}

#[test]
fn wrong_examples_have_the_problem() {
    let mut failures = Vec::new();
    for row in CODES {
        let Some(wrong) = example(row.page, "\nWrong:\n") else { continue };
        let (found, text) = codes(wrong);
        if !found.contains(&row.code) {
            failures.push(format!("{} is not found in its example:\n{text}", row.id));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn right_examples_are_cured() {
    let mut failures = Vec::new();
    for row in CODES {
        let Some(right) = example(row.page, "\nRight:\n") else { continue };
        let (found, text) = codes(right);
        // What is wrong with JSON is shown on parts of plans.
        let about_json = |code: &Code| code.id().starts_with("LD01");
        let cured = match about_json(&row.code) {
            true => !found.iter().any(about_json),
            false => found.is_empty(),
        };
        if !cured {
            failures.push(format!("{} is not cured:\n{text}", row.id));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
