//! Lints: what compiles and is probably not meant.
//!
//! Each is one file with a function that looks at a `Plan`, and a row of [`LINTS`]. Codes that
//! other stages report as warnings have rows without a function, so that they can be silenced
//! or made errors by the same means.

mod body_on_get;
mod cannot_fail;
mod cannot_pass;
mod check;
mod contradictory_checks;
mod credentials_over_http;
mod duplicate_check;
mod duplicate_header;
mod empty_block;
mod endless_loop;
mod foreign_placeholder;
mod hardcoded_url;
mod levels;
mod missing_content_type;
mod missing_name;
mod one_name_two_urls;
mod oversize_body;
mod pause_longer_than_run;
mod plain_secret;
mod plan;
mod ramp_longer_than_run;
mod read_before_set;
mod repeated_host;
mod requests_at_most;
mod scenario_never_starts;
mod shadowed_extract;
mod shape_longer_than_run;
mod stray_space;
mod unreachable_task;
mod unreachable_throttle;
mod unused_extract;
mod unused_source;
mod unused_variable;
mod url_fragment;
mod warmup_longer_than_run;
mod zero_weights;

use crate::diag::{Code, Diagnostic, Severity};

pub use levels::Level;
pub(crate) use levels::Levels;
pub(crate) use plan::Plan;

/// A lint.
#[derive(Debug)]
pub struct Lint {
    /// The name in plans and calls: `body-on-get`.
    pub name: &'static str,
    /// The code of what it finds.
    pub code: Code,
    /// How loud it is unless a plan or call says otherwise.
    pub level: Level,
    /// Whether it looks for what is missing, which of a plan with errors nobody knows.
    whole: bool,
    /// `None`: an earlier stage notices.
    find: Option<Find>,
}

/// Appends what is noticed about a plan.
type Find = fn(&Plan<'_>, &mut Vec<Diagnostic>);

const fn warns(name: &'static str, code: Code, find: Find) -> Lint {
    Lint { name, code, level: Level::Warning, whole: false, find: Some(find) }
}

/// A lint of plans without errors.
const fn misses(name: &'static str, code: Code, find: Find) -> Lint {
    Lint { whole: true, ..warns(name, code, find) }
}

/// A lint that only those get who ask for it.
const fn asked(name: &'static str, code: Code, find: Find) -> Lint {
    Lint { level: Level::Off, ..warns(name, code, find) }
}

const fn noticed(name: &'static str, code: Code) -> Lint {
    Lint { name, code, level: Level::Warning, whole: false, find: None }
}

/// Every lint, by code.
#[rustfmt::skip]
pub const LINTS: &[Lint] = &[
    noticed("duplicate-key", Code::DuplicateKey),
    noticed("comment", Code::Comment),
    noticed("trailing-comma", Code::TrailingComma),
    noticed("unknown-document-key", Code::UnknownDocumentKey),
    noticed("unknown-lint", Code::UnknownLint),
    noticed("unterminated-placeholder", Code::UnterminatedPlaceholder),
    noticed("empty-placeholder", Code::EmptyPlaceholder),
    noticed("nested-placeholder", Code::NestedPlaceholder),
    noticed("unknown-function", Code::UnknownFunction),
    noticed("unknown-prefix", Code::UnknownPrefix),
    noticed("unset-variable", Code::UnsetVariable),
    noticed("unfilled-placeholder", Code::UnfilledPlaceholder),
    noticed("field-without-effect", Code::FieldWithoutEffect),
    misses("unused-variable", Code::UnusedVariable, unused_variable::find),
    misses("unreachable-task", Code::UnreachableTask, unreachable_task::find),
    noticed("foreign-notation", Code::ForeignNotation),
    warns("read-before-set", Code::ReadBeforeSet, read_before_set::find),
    asked("hardcoded-url", Code::HardcodedUrl, hardcoded_url::find),
    warns("oversize-body", Code::OversizeBody, oversize_body::find),
    misses("unused-extract", Code::UnusedExtract, unused_extract::find),
    misses("unused-source", Code::UnusedSource, unused_source::find),
    warns("shadowed-extract", Code::ShadowedExtract, shadowed_extract::find),
    asked("missing-name", Code::MissingName, missing_name::find),
    misses("zero-weights", Code::ZeroWeights, zero_weights::find),
    warns("plain-secret", Code::PlainSecret, plain_secret::find),
    warns("duplicate-header", Code::DuplicateHeader, duplicate_header::find),
    warns("body-on-get", Code::BodyOnGet, body_on_get::find),
    warns("pause-longer-than-run", Code::PauseLongerThanRun, pause_longer_than_run::find),
    misses("shape-longer-than-run", Code::ShapeLongerThanRun, shape_longer_than_run::find),
    misses("ramp-longer-than-run", Code::RampLongerThanRun, ramp_longer_than_run::find),
    warns("missing-content-type", Code::MissingContentType, missing_content_type::find),
    warns("repeated-host", Code::RepeatedHost, repeated_host::find),
    misses("unreachable-throttle", Code::UnreachableThrottle, unreachable_throttle::find),
    warns("cannot-fail", Code::CannotFail, cannot_fail::find),
    warns("cannot-pass", Code::CannotPass, cannot_pass::find),
    warns("contradictory-checks", Code::ContradictoryChecks, contradictory_checks::find),
    warns("duplicate-check", Code::DuplicateCheck, duplicate_check::find),
    warns("one-name-two-urls", Code::OneNameTwoUrls, one_name_two_urls::find),
    warns("credentials-over-http", Code::CredentialsOverHttp, credentials_over_http::find),
    misses("empty-block", Code::EmptyBlock, empty_block::find),
    misses("endless-loop", Code::EndlessLoop, endless_loop::find),
    warns("warmup-longer-than-run", Code::WarmupLongerThanRun, warmup_longer_than_run::find),
    warns("scenario-never-starts", Code::ScenarioNeverStarts, scenario_never_starts::find),
    warns("url-fragment", Code::UrlFragment, url_fragment::find),
    warns("requests-at-most", Code::RequestsAtMost, requests_at_most::find),
    warns("foreign-placeholder", Code::ForeignPlaceholder, foreign_placeholder::find),
    warns("stray-space", Code::StraySpace, stray_space::find),
    noticed("step-to-do", Code::StepToDo),
    noticed("missing-file", Code::MissingFile),
];

/// The lint of a name, or of a code such as `LD0402`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Lint> {
    LINTS.iter().find(|lint| lint.name == name || lint.code.id() == name)
}

/// Appends what is noticed about a plan.
pub(crate) fn run(plan: &Plan<'_>, levels: &Levels, problems: &mut Vec<Diagnostic>) {
    let told = problems.len();
    let is_whole = !problems.iter().any(|problem| problem.severity == Severity::Error);
    let wanted = |lint: &&Lint| (is_whole || !lint.whole) && levels.of(lint) != Level::Off;
    for lint in LINTS.iter().filter(wanted) {
        if let Some(find) = lint.find {
            find(plan, problems);
        }
    }
    // What is found in another file is told at the place that names it, and not changed there.
    for problem in problems.iter_mut().skip(told) {
        if problem.fix.iter().any(|edit| plan.is_other_file(edit.span())) {
            problem.fix.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::CODES;

    #[test]
    fn every_warning_has_a_name_to_silence_it_by() {
        let warnings: Vec<_> =
            CODES.iter().filter(|row| row.severity == Severity::Warning).collect();
        let codes: Vec<_> = warnings.iter().map(|row| row.code).collect();
        assert_eq!(codes, LINTS.iter().map(|lint| lint.code).collect::<Vec<_>>());
        for lint in LINTS {
            let kebab = lint.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
            assert!(kebab, "{}", lint.name);
        }
    }
}
