//! Lints over the IR: what compiles and is probably not meant.

use std::collections::{HashMap, HashSet};

use crate::diag::{Code, Diagnostic};
use crate::ir::{Ir, Run, Scenario, SlotKind, Step, StepKind, Var};

/// Appends what is noticed about a document.
pub(crate) fn run(ir: &Ir, problems: &mut Vec<Diagnostic>) {
    unused_variables(ir, problems);
    for run in &ir.runs {
        for scenario in &run.scenarios {
            read_before_set(ir, run, scenario, problems);
            never_picked(scenario, problems);
        }
    }
}

/// A variable with a value that no run reads.
fn unused_variables(ir: &Ir, problems: &mut Vec<Diagnostic>) {
    let mut read: HashSet<&Var> = ir.runs.iter().flat_map(|run| &run.read).collect();
    for slot in &ir.slots {
        if let SlotKind::Var(var) = slot.kind {
            read.extend(ir.vars.get(var));
        }
    }
    let mut seen = HashSet::new();
    for init in ir.runs.iter().flat_map(|run| &run.inits) {
        let (Some(var), Some(span)) = (ir.vars.get(init.var), init.span) else {
            continue;
        };
        if !read.contains(var) && seen.insert(span) {
            let problem =
                Diagnostic::new(Code::UnusedVariable, format!("nothing reads `{}`", var.name))
                    .label(span, "this value is never used");
            problems.push(problem);
        }
    }
}

/// A variable read by a task that runs before the first one to extract it.
fn read_before_set(ir: &Ir, run: &Run, scenario: &Scenario, problems: &mut Vec<Diagnostic>) {
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

/// A task that a weighted scenario cannot pick.
fn never_picked(scenario: &Scenario, problems: &mut Vec<Diagnostic>) {
    for step in scenario.steps.iter().filter(|step| scenario.weighted && step.weight == 0) {
        let problem =
            Diagnostic::new(Code::UnreachableTask, "this task is never picked: its weight is 0")
                .label(step.span, "does not run");
        problems.push(problem);
    }
}
