//! `shadowed-extract`: a value that the same task extracts and replaces.

use super::{Plan, check};
use crate::diag::{Code, Diagnostic};

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    check::each_task(plan, |task| {
        for (at, earlier) in task.extracts.iter().enumerate() {
            // Without a value of its own an extract leaves what an earlier one found.
            let later = task.extracts.iter().skip(at + 1);
            let mut later = later.filter(|later| later.var == earlier.var);
            let replaced = later.find(|later| later.default.is_some() || later.required);
            let Some(later) = replaced.filter(|_| !earlier.required) else { continue };
            let name = plan.ir.vars.get(earlier.var).map_or("", |var| var.name.as_str());
            let message = format!("this value of `{name}` is replaced before anything reads it");
            let problem = Diagnostic::new(Code::ShadowedExtract, message)
                .label(earlier.var_span, "extracted here in vain")
                .also(later.var_span, "this one always replaces it")
                .remove(earlier.span);
            problems.push(problem);
        }
    });
}
