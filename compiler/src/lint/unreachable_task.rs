//! `unreachable-task`: a task that never runs.

use super::Plan;
use super::plan::{each_list, lists};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{Condition, Scenario, Step, StepKind};

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    for scenario in plan.ir.runs.iter().flat_map(|run| &run.scenarios) {
        never_picked(scenario, problems);
        for list in lists(scenario) {
            let picks = scenario.weighted && std::ptr::eq(list, scenario.steps.as_slice());
            if !picks {
                after_the_end(list, problems);
            }
            let mut first = picks;
            each_list(list, &mut |steps| {
                conditions(steps, problems);
                if !std::mem::take(&mut first) && !std::ptr::eq(steps, list) {
                    after_the_end(steps, problems);
                }
            });
        }
    }
}

/// Tasks that a weighted scenario cannot pick; where it can pick none, that is another lint.
fn never_picked(scenario: &Scenario, problems: &mut Vec<Diagnostic>) {
    let any = scenario.steps.iter().any(|step| step.weight > 0);
    for step in scenario.steps.iter().filter(|step| scenario.weighted && any && step.weight == 0) {
        let problem =
            Diagnostic::new(Code::UnreachableTask, "this task is never picked: its weight is 0")
                .label(step.span, "does not run");
        problems.push(problem);
    }
}

/// Steps whose condition is known not to hold.
fn conditions(steps: &[Step], problems: &mut Vec<Diagnostic>) {
    for step in steps {
        let never = match &step.kind {
            StepKind::While { condition: Condition::Never, steps } => {
                // A loop that is empty is another lint.
                steps.len() > 1
            }
            StepKind::Branch { condition: Condition::Never, then, .. } => !then.is_empty(),
            _ => false,
        };
        if never || step.condition == Condition::Never {
            tell(step.span, "its condition never holds", problems);
        }
        if let StepKind::Pick { branches, .. } = &step.kind {
            let nothing = |(share, inner): &&(u64, Vec<Step>)| *share == 0 && !inner.is_empty();
            for first in branches.iter().filter(nothing).filter_map(|(_, inner)| inner.first()) {
                tell(first.span, "its share is 0", problems);
            }
        }
    }
}

/// What follows `stop_user` or `stop_run`.
fn after_the_end(steps: &[Step], problems: &mut Vec<Diagnostic>) {
    let stops =
        |step: &Step| matches!(step.kind, StepKind::Stop(_)) && step.condition == Condition::Always;
    let Some(at) = steps.iter().position(stops) else { return };
    if let (Some(stop), Some(next)) = (steps.get(at), steps.get(at + 1)) {
        let problem = Diagnostic::new(Code::UnreachableTask, "this is never reached")
            .label(next.span, "does not run")
            .also(stop.span, "everything ends here");
        problems.push(problem);
    }
}

fn tell(span: Span, why: &str, problems: &mut Vec<Diagnostic>) {
    let message = format!("this is never reached: {why}");
    problems.push(Diagnostic::new(Code::UnreachableTask, message).label(span, "does not run"));
}
