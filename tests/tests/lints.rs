//! Lints find what is wrong, and nothing in plans that are right.
#![cfg(test)]

use ld_compiler::diag::Code;
use ld_tests::plans;

/// What is in the cases on purpose: most of them are about it.
const MEANT: &[(&str, &[Code])] = &[
    ("actions", &[Code::UnusedVariable]),
    ("auth", &[Code::PlainSecret]),
    ("auth-and-cookies", &[Code::PlainSecret, Code::FieldWithoutEffect, Code::ReadBeforeSet]),
    ("calls-in-calls", &[Code::BodyOnGet]),
    ("constant-get", &[Code::UrlFragment]),
    ("extract-chain", &[Code::UnusedExtract]),
    ("flow", &[Code::OneNameTwoUrls, Code::UnreachableTask]),
    ("folded-variables", &[Code::UnusedVariable]),
    ("functions", &[Code::PlainSecret]),
    ("json-with-slots", &[Code::UnfilledPlaceholder]),
    ("load-shapes", &[Code::ShapeLongerThanRun]),
    ("pauses", &[Code::RepeatedHost, Code::RampLongerThanRun]),
    ("placeholders", &[Code::UnsetVariable]),
    // A lane that reads what another one sets.
    ("parallel", &[Code::ReadBeforeSet]),
    (
        "placeholders-that-stay",
        &[
            Code::UnterminatedPlaceholder,
            Code::EmptyPlaceholder,
            Code::NestedPlaceholder,
            Code::UnknownFunction,
            Code::UnknownPrefix,
            Code::UnsetVariable,
        ],
    ),
    ("redirects", &[Code::PlainSecret]),
    ("retries", &[Code::UnusedVariable, Code::UnusedExtract]),
    ("socket", &[Code::UnusedExtract]),
    ("weighted", &[Code::UnreachableTask]),
    ("weighted-of-one", &[Code::UnreachableTask]),
    ("weighted-without-weights", &[Code::ZeroWeights]),
];

#[test]
fn plans_that_are_right_get_no_lints() {
    let mut wrong = String::new();
    for plan in plans::all().unwrap() {
        let name = plans::name(&plan);
        let meant =
            MEANT.iter().find(|(plan, _)| *plan == name).map_or(&[][..], |(_, codes)| codes);
        let (source, compiled) = plans::compile_file(&plan, true).unwrap();
        for problem in &compiled.diagnostics {
            if problem.code != Code::Comment && !meant.contains(&problem.code) {
                let line = source.position(problem.span().map_or(0, |span| span.start)).line;
                wrong += &format!("{name}:{line}: {} {}\n", problem.code, problem.message);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
