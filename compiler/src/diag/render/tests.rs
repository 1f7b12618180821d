//! Each case is a plan with mistakes in `cases/`; beside it stands what is printed,
//! one file per format. With `LD_UPDATE=1` in the environment the files are written anew.

use std::fs;
use std::path::Path;

use super::*;
use crate::diag::{Code, Span};

type Render = fn(&[Diagnostic], &Source) -> String;

const FORMATS: [(&str, Render); 4] = [
    ("text", |list, source| text(list, source, Style { color: false, width: 80 })),
    ("ansi", |list, source| text(list, source, Style { color: true, width: 80 })),
    ("jsonl", json),
    ("github", github),
];

#[test]
fn cases_print_as_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/diag/render/cases");
    let mut compared = 0;
    for entry in fs::read_dir(&folder).expect("the folder of cases") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let (source, problem) = Source::from_bytes(name, fs::read(&path).expect("the case"));
        let mut diagnostics = Vec::from_iter(problem);
        let _ = crate::json::parse(source.text(), &mut diagnostics);
        crate::diag::sort(&mut diagnostics);
        for (extension, render) in FORMATS {
            let recorded = path.with_extension(extension);
            if extension != "text" && !recorded.exists() {
                continue;
            }
            let mut printed = render(&diagnostics, &source);
            if extension == "text" {
                printed.push_str(&summary(&diagnostics, &source));
                printed.push('\n');
            }
            if std::env::var_os("LD_UPDATE").is_some() {
                fs::write(&recorded, &printed).expect("the case is written");
            }
            let expected = fs::read_to_string(&recorded).unwrap_or_default();
            assert_eq!(printed, expected, "{}", recorded.display());
            compared += 1;
        }
    }
    assert!(compared >= 8, "only {compared} cases were found");
}

fn print(plan: &str, diagnostic: Diagnostic) -> String {
    text(&[diagnostic], &Source::new("plan.json", plan), Style::default())
}

#[test]
fn a_label_over_several_lines_is_shown_where_it_begins() {
    let missing = Diagnostic::new(Code::MissingUrl, "no URL").label(Span::new(2, 20), "here");
    assert_eq!(
        print("[\n{\"method\":\n\"get\"}\n]", missing),
        "error[LD0211]: no URL\n  ┌─ plan.json:2:1\n  │\n2 │ {\"method\":\n  │ ^ here\n\n"
    );
}

#[test]
fn a_line_between_two_labels_is_shown_and_more_are_left_out() {
    let at = |a, b| {
        Diagnostic::new(Code::DuplicateKey, "twice")
            .label(Span::new(a, a + 1), "")
            .also(Span::new(b, b + 1), "")
    };
    let plan = "a\nb\nc\nd";
    assert!(print(plan, at(0, 4)).contains("\n2 │ b\n"));
    let apart = print(plan, at(0, 6));
    assert!(apart.contains("\n  ·\n") && !apart.contains("│ b"), "{apart}");
}

#[test]
fn notes_come_before_the_help() {
    let printed =
        print("[]", Diagnostic::new(Code::NoTasks, "m").help("h").note("n").label(Span::at(0), ""));
    assert!(printed.contains("  = note: n\n  = help: h\n"), "{printed}");
}

#[test]
fn places_that_are_not_in_the_source_do_no_harm() {
    for span in [Span::new(2, 3), Span::new(1, 900), Span::new(900, 901), Span::at(u32::MAX)] {
        let printed =
            print("\"\u{1F600}\"", Diagnostic::new(Code::WrongType, "m").label(span, "l"));
        assert!(printed.starts_with("error[LD0208]: m\n  ┌─ plan.json:1:"), "{printed}");
    }
    let nowhere = print("", Diagnostic::new(Code::WrongType, "m"));
    assert_eq!(nowhere, "error[LD0208]: m\n\n");
}

#[test]
fn annotations_escape_what_would_end_them() {
    let source = Source::new("a,b:c%.json", "[]");
    let problem =
        Diagnostic::new(Code::WrongType, "100 %\nwrong").label(Span::new(0, 1), "x: y, z");
    assert_eq!(
        github(&[problem], &source),
        "::error file=a%2Cb%3Ac%25.json,line=1,endLine=1,col=1,endColumn=1,\
         title=LD0208 a value of the wrong type::100 %25%0Awrong: x: y, z\n"
    );
}
