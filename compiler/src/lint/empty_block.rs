//! `empty-block`: a block without steps.

use super::Plan;
use super::plan::{each_list, lists};
use crate::diag::{Code, Diagnostic};
use crate::ir::StepKind;

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    for scenario in plan.ir.runs.iter().flat_map(crate::ir::Run::all) {
        for list in lists(scenario) {
            each_list(list, &mut |steps| {
                for step in steps {
                    let what = match &step.kind {
                        StepKind::Group { steps, .. } if steps.is_empty() => "this group",
                        // The compiler counts the rounds at the end of each.
                        StepKind::While { steps, .. } if steps.len() <= 1 => "this loop",
                        StepKind::Parallel { steps, .. } if steps.is_empty() => "this block",
                        StepKind::Pick { branches, .. } if branches.is_empty() => "this choice",
                        _ => continue,
                    };
                    let problem = Diagnostic::new(Code::EmptyBlock, format!("{what} has no steps"))
                        .label(step.span, "nothing happens here");
                    problems.push(problem);
                }
            });
        }
    }
}
