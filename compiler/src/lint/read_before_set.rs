//! `read-before-set`: a variable that is read before anything can have set it.

use std::collections::{HashMap, HashSet};

use super::Plan;
use crate::diag::{Code, Diagnostic};
use crate::ir::{Ir, Run, Scenario, SlotKind, Step, StepKind};

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    for run in &plan.ir.runs {
        for scenario in &run.scenarios {
            in_scenario(plan.ir, run, scenario, problems);
        }
    }
}

/// A variable read by a task that runs before the first one to extract it.
fn in_scenario(ir: &Ir, run: &Run, scenario: &Scenario, problems: &mut Vec<Diagnostic>) {
    if scenario.weighted {
        return;
    }
    let mut set_by = HashMap::new();
    // What blocks assign, and when, is not followed.
    let tasks = Step::tasks(&scenario.steps);
    for (index, task) in tasks.iter().enumerate() {
        for extract in &task.extracts {
            set_by.entry(extract.var).or_insert((index, extract.var_span));
        }
    }
    let mut has_value: HashSet<usize> = run.inits.iter().map(|init| init.var).collect();
    assigned(&scenario.on_start, &mut has_value);
    assigned(&scenario.steps, &mut has_value);
    let before = Step::tasks(&scenario.on_start);
    has_value.extend(before.iter().flat_map(|task| &task.extracts).map(|extract| extract.var));
    let mut seen = HashSet::new();
    for (index, task) in tasks.iter().enumerate() {
        for slot in task.slots().filter_map(|slot| ir.slots.get(slot as usize)) {
            let SlotKind::Var(var) = slot.kind else {
                continue;
            };
            let (Some(&(first, place)), Some(name)) = (set_by.get(&var), ir.vars.get(var)) else {
                continue;
            };
            if first >= index && !has_value.contains(&var) && seen.insert(slot.span) {
                let problem = Diagnostic::new(
                    Code::ReadBeforeSet,
                    format!("`{}` is read before anything can have set it", name.name),
                )
                .label(
                    slot.span,
                    format!("in the first tick this sends the text \"{}\"", slot.text),
                )
                .also(place, "it is extracted here, afterwards")
                .help(format!("`ldc explain {}`", Code::ReadBeforeSet));
                problems.push(problem);
            }
        }
    }
}

/// The variables that steps assign.
fn assigned(steps: &[Step], found: &mut HashSet<usize>) {
    for step in steps {
        if let StepKind::Set { var, .. } = step.kind {
            found.insert(var);
        }
        step.inner().into_iter().for_each(|inner| assigned(inner, found));
    }
}
