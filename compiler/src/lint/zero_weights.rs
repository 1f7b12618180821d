//! `zero-weights`: a weighted choice with nothing to choose.

use super::Plan;
use super::plan::{each_list, lists};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::StepKind;

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    for run in &plan.ir.runs {
        for scenario in &run.scenarios {
            let none = scenario.steps.iter().all(|step| step.weight == 0);
            if let (true, true, Some(first)) = (scenario.weighted, none, scenario.steps.first()) {
                problems.push(told(first.span));
            }
            for list in lists(scenario) {
                each_list(list, &mut |steps| {
                    for step in steps {
                        if let StepKind::Pick { branches, .. } = &step.kind
                            && !branches.is_empty()
                            && branches.iter().all(|(share, _)| *share == 0)
                        {
                            problems.push(told(step.span));
                        }
                    }
                });
            }
        }
    }
}

fn told(span: Span) -> Diagnostic {
    Diagnostic::new(Code::ZeroWeights, "all weights are zero")
        .label(span, "none of these is ever picked")
        .help("give at least one of them a weight")
}
