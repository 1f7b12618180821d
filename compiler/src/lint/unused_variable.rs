//! `unused-variable`: a variable that has a value at the start, or is given one by `set`, and
//! that no run reads.

use std::collections::HashSet;

use super::Plan;
use crate::diag::{Code, Diagnostic};

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    let mut seen = HashSet::new();
    // An action that registers one variable is of no use without it.
    let listed = plan.runs.iter().filter_map(|run| run.argument("variables"));
    let members = listed.flat_map(|list| list.as_object().unwrap_or_default());
    let members: HashSet<_> = members.map(|member| member.value.span).collect();
    for &(var, span) in &plan.ir.registered {
        let Some(var) = plan.ir.vars.get(var) else {
            continue;
        };
        if plan.reads(var) || !seen.insert(span) {
            continue;
        }
        let problem =
            Diagnostic::new(Code::UnusedVariable, format!("nothing reads `{}`", var.name))
                .label(span, "this value is never used");
        problems.push(if members.contains(&span) { problem.remove(span) } else { problem });
    }
    for (var, span) in &plan.ir.assigned {
        if let Some(var) = plan.ir.vars.get(*var).filter(|var| !plan.reads(var))
            && seen.insert(*span)
        {
            let message = format!("nothing reads `{}`", var.name);
            let problem = Diagnostic::new(Code::UnusedVariable, message)
                .label(*span, "this value is never used");
            problems.push(problem);
        }
    }
}
