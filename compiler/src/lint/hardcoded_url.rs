//! `hardcoded-url`: a rule of the reference's linter, for those who ask for it.

use ld_stdlib::rules;

use super::Plan;
use crate::diag::{Code, Diagnostic};

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    for task in plan.tasks() {
        let Some(url) = task.url() else { continue };
        if let Some(message) = url.as_str().and_then(rules::hardcoded_url) {
            let problem = Diagnostic::new(Code::HardcodedUrl, message)
                .label(url.span, "another environment has another URL");
            problems.push(problem);
        }
    }
}
