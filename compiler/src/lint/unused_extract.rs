//! `unused-extract`: a value that is taken out of a reply, and that nothing reads.

use super::{Plan, check};
use crate::diag::{Code, Diagnostic};

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    check::each_task(plan, |task| {
        for extract in &task.extracts {
            let Some(var) = plan.ir.vars.get(extract.var) else { continue };
            // One that is required is a check as well.
            if extract.required || plan.reads(var) {
                continue;
            }
            let message = format!("nothing reads `{}`", var.name);
            let problem = Diagnostic::new(Code::UnusedExtract, message)
                .label(extract.var_span, "every reply is searched for this in vain")
                .remove(extract.span);
            problems.push(problem);
        }
    });
}
