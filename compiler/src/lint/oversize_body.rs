//! `oversize-body`: a rule of the reference's linter.

use ld_stdlib::rules;

use super::Plan;
use crate::diag::{Code, Diagnostic};

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    for task in plan.tasks() {
        let Some(body) = task.field(&["data", "json"]) else { continue };
        if let Some(message) = body.as_str().and_then(rules::oversize_body) {
            let problem = Diagnostic::new(Code::OversizeBody, message)
                .label(body.span, "every user sends all of this")
                .help("put it into a file and name that in `body_file`");
            problems.push(problem);
        }
    }
}
