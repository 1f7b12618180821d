//! What is said about wrong plans: `tests/cases/diagnostics/LDxxxx-NAME.json`, and the whole
//! text that `ldc check` prints in `LDxxxx-NAME.txt`.
#![cfg(test)]

use std::collections::BTreeSet;

use ld_compiler::diag::{CODES, Code, Severity, render};
use ld_tests::{cases, plans};

/// Codes without a case here, and why.
const WITHOUT: &[(Code, &str)] = &[
    (Code::TooManyProblems, "its text is that of two hundred other problems"),
    (Code::OversizeBody, "the plan would have more than a megabyte; tests/lints.rs"),
    (Code::FileTooLarge, "the plan would have more than 1 GiB"),
];

#[test]
fn wrong_plans_get_their_texts() {
    let mut wrong = String::new();
    let mut shown: BTreeSet<Code> = WITHOUT.iter().map(|(code, _)| *code).collect();
    let folder = cases::folder("diagnostics");
    let plans = ["json", "yaml", "toml"].map(|ending| cases::files(&folder, ending).unwrap());
    for plan in plans.concat() {
        let name = plans::name(&plan);
        let (source, compiled) = plans::compile_file(&plan, true).unwrap();
        let style = render::Style::default();
        let mut text = render::text(&compiled.diagnostics, &source, style);
        text.push_str(&render::summary(&compiled.diagnostics, &source));
        text.push('\n');
        if let Err(difference) = cases::compare(&plan.with_extension("txt"), &text) {
            wrong.push_str(&difference);
        }

        let code: Code = name.split('-').next().unwrap().parse().unwrap();
        shown.insert(code);
        let found: Vec<Code> = compiled.diagnostics.iter().map(|problem| problem.code).collect();
        assert!(found.contains(&code), "{name} is about {code} and shows {found:?}");
        let fails = compiled.diagnostics.iter().any(|p| p.severity == Severity::Error);
        assert_eq!(compiled.program.is_none(), fails, "{name}: errors, and only they, stop");
        for problem in &compiled.diagnostics {
            let place = problem.span().map(|span| source.slice(span));
            let pointless = place.is_none_or(str::is_empty) && source.text().len() > 1;
            let at_a_gap = problem.code.id().starts_with("LD01");
            assert!(!pointless || at_a_gap, "{name}: {} points at nothing", problem.message);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    let missing: Vec<_> = CODES.iter().filter(|row| !shown.contains(&row.code)).collect();
    assert!(missing.is_empty(), "no case shows {missing:?}");
}

#[test]
fn both_forms_find_the_same_problems() {
    for folder in ["diagnostics", "compile"] {
        for plan in cases::files(&cases::folder(folder), "json").unwrap() {
            let said = [true, false]
                .map(|optimise| plans::compile_file(&plan, optimise).unwrap().1.diagnostics);
            assert_eq!(said[0], said[1], "{}", plan.display());
        }
    }
}
