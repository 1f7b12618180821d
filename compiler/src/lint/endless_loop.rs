//! `endless-loop`: a `while` whose condition nothing inside can change.

use std::collections::HashSet;

use super::Plan;
use super::plan::{each_list, lists};
use crate::diag::{Code, Diagnostic};
use crate::ir::{Argument, Condition, Const, Ir, SlotKind, Step, StepKind};
use crate::steps::DEFAULT_ROUNDS;

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    for scenario in plan.ir.runs.iter().flat_map(crate::ir::Run::all) {
        for list in lists(scenario) {
            each_list(list, &mut |steps| {
                for step in steps {
                    if let StepKind::While { condition: Condition::Slot(slot), steps } = &step.kind
                        && is_endless(plan.ir, *slot, steps)
                    {
                        let message = "nothing in this loop changes its condition";
                        let problem = Diagnostic::new(Code::EndlessLoop, message)
                            .label(step.span, "once begun, it runs for `max_iterations` rounds")
                            .help("extract or set what the condition reads, inside the loop");
                        problems.push(problem);
                    }
                }
            });
        }
    }
}

/// Whether a loop depends on nothing but variables that stay the same inside.
fn is_endless(ir: &Ir, slot: u32, steps: &[Step]) -> bool {
    let mut read = Vec::new();
    if !reads(ir, slot, &mut read) {
        return false;
    }
    // The compiler's own counter changes, and only ends the loop in the end.
    let own = |var: &usize| ir.vars.get(*var).is_none_or(|var| var.name.contains(" #"));
    read.retain(|var| !own(var));
    if read.is_empty() && !always_holds(ir, slot) {
        return false;
    }
    let mut changed = HashSet::new();
    let mut stops = false;
    each_list(steps, &mut |steps| {
        for step in steps {
            match &step.kind {
                StepKind::Set { var, .. } => drop(changed.insert(*var)),
                StepKind::Task(task) => changed.extend(task.extracts.iter().map(|e| e.var)),
                StepKind::Stop(_) => stops = true,
                _ => {}
            }
        }
    });
    !stops && !read.iter().any(|var| changed.contains(var))
}

/// Whether the condition of a `while` without a bound of its own is known to hold.
fn always_holds(ir: &Ir, slot: u32) -> bool {
    let arguments = |slot: u32, wanted: &str| match ir.slots.get(slot as usize).map(|s| &s.kind) {
        Some(SlotKind::Call { name, arguments }) if *name == wanted => arguments.as_slice(),
        _ => &[],
    };
    let [Argument::Slot(bounded), Argument::Const(holds)] = arguments(slot, "and") else {
        return false;
    };
    let most = arguments(*bounded, "<").get(1);
    holds.value().is_truthy() && most == Some(&Argument::Const(Const::Int(DEFAULT_ROUNDS)))
}

/// Collects the variables a slot reads; false when it depends on anything else.
fn reads(ir: &Ir, slot: u32, found: &mut Vec<usize>) -> bool {
    match ir.slots.get(slot as usize).map(|slot| &slot.kind) {
        Some(SlotKind::Var(var)) => {
            found.push(*var);
            true
        }
        Some(SlotKind::Call { name, arguments }) => {
            let operator = ld_stdlib::operators::OPERATORS.iter().any(|row| row.name == *name);
            (operator || *name == "len")
                && arguments.iter().all(|argument| match argument {
                    Argument::Const(_) => true,
                    Argument::Slot(slot) => reads(ir, *slot, found),
                })
        }
        _ => false,
    }
}
