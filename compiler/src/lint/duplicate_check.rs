//! `duplicate-check`: an assertion that another of the same task repeats.

use super::{Plan, check};
use crate::diag::{Code, Diagnostic};

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    check::each_task(plan, |task| {
        let written = || task.checks.iter().filter(|check| !check.assertion.internal);
        for (at, later) in written().enumerate() {
            if let Some(earlier) = written().take(at).find(|earlier| check::same(earlier, later)) {
                let message =
                    format!("this `{}` says what one before it said", later.assertion.name);
                let problem = Diagnostic::new(Code::DuplicateCheck, message)
                    .label(later.span, "this finds nothing new")
                    .also(earlier.span, "the same as here")
                    .remove(later.span);
                problems.push(problem);
            }
        }
    });
}
