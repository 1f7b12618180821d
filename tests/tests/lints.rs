//! Lints find what is wrong, and nothing in plans that are right.
#![cfg(test)]

use ld_compiler::diag::Code;
use ld_compiler::{Options, Source};
use ld_tests::plans;

/// What is in the cases on purpose: most of them are about it.
const MEANT: &[(&str, &[Code])] = &[
    ("actions", &[Code::UnusedVariable]),
    ("auth", &[Code::PlainSecret]),
    ("auth-and-cookies", &[Code::PlainSecret, Code::FieldWithoutEffect, Code::ReadBeforeSet]),
    ("calls-in-calls", &[Code::BodyOnGet]),
    ("constant-get", &[Code::UrlFragment]),
    ("extract-chain", &[Code::UnusedExtract]),
    ("extracts", &[Code::ShadowedExtract]),
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
    // The files are made where they are needed.
    ("fault-tls", &[Code::MissingFile]),
    ("redis-tls", &[Code::MissingFile]),
    ("tls-and-limits", &[Code::MissingFile]),
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

#[test]
fn a_body_of_more_than_a_megabyte_is_noticed() {
    let of = |length: usize| {
        let body = "x".repeat(length);
        let plan = format!(
            r#"[["LD_start_test", {{"user_detail_dict": {{}}, "host": "http://127.0.0.1:8080",
                 "tasks": [{{"method": "post", "request_url": "/", "data": "{body}"}}]}}]]"#
        );
        let compiled = ld_compiler::compile(&Source::new("plan.json", plan), &Options::new());
        compiled.diagnostics.into_iter().map(|problem| (problem.code, problem.message)).collect()
    };
    let none: Vec<(Code, String)> = of(1 << 20);
    assert_eq!(none, []);
    let message = "task body is 1048577 bytes; consider streaming or a smaller fixture".to_owned();
    assert_eq!(of((1 << 20) + 1), [(Code::OversizeBody, message)]);
}
