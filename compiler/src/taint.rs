//! Secrets and what is made of them: neither logs nor the texts of failures show them.
//!
//! A slot is tainted when it is a secret, a call with a tainted argument, or a variable that a
//! tainted value is assigned to anywhere. That goes by the plan alone, so that what is derived
//! from a secret is hidden as well, whatever it looks like.

use ld_stdlib::{Piece, Template};
use ld_vm::mask::HIDDEN;

use crate::ir::{Argument, Ir, Operand, Run, SlotKind, Step, StepKind, slots_of};

/// Takes tainted slots out of logs and marks the checks and extracts that work with them.
pub(crate) fn hide(ir: &mut Ir) {
    if !ir.slots.iter().any(|slot| matches!(slot.kind, SlotKind::Secret(_))) {
        return;
    }
    let tainted = tainted(ir);
    let is_tainted = |slot: u32| tainted.get(slot as usize).copied().unwrap_or_default();
    for scenario in ir.runs.iter_mut().flat_map(Run::all_mut) {
        for steps in [&mut scenario.on_start, &mut scenario.steps, &mut scenario.on_stop] {
            each(steps, &mut |step| hide_in(step, &is_tainted));
        }
    }
}

fn hide_in(step: &mut Step, is_tainted: &impl Fn(u32) -> bool) {
    match &mut step.kind {
        StepKind::Log(text) => {
            let mut hidden = Template::default();
            for piece in &text.pieces {
                match piece {
                    Piece::Text(text) => hidden.push_text(text),
                    Piece::Slot { slot, .. } if is_tainted(*slot) => hidden.push_text(HIDDEN),
                    Piece::Slot { slot, escape } => hidden.push_slot(*slot, *escape),
                }
            }
            *text = hidden;
        }
        StepKind::Task(task) => {
            let is_secret = |operands: &[Operand]| {
                operands.iter().any(|operand| match operand {
                    Operand::Const(_) => false,
                    Operand::Slot(slot) => is_tainted(*slot),
                    Operand::Text(template) | Operand::Json(template) => {
                        slots_of(template).any(is_tainted)
                    }
                })
            };
            for check in &mut task.checks {
                check.secret = is_secret(&check.operands);
            }
            for extract in &mut task.extracts {
                extract.secret = is_secret(&extract.operands);
            }
        }
        _ => {}
    }
}

/// Which slots may hold a secret.
fn tainted(ir: &mut Ir) -> Vec<bool> {
    let mut assignments = Vec::new();
    for scenario in ir.runs.iter_mut().flat_map(Run::all_mut) {
        for steps in [&mut scenario.on_start, &mut scenario.steps, &mut scenario.on_stop] {
            each(steps, &mut |step| {
                if let StepKind::Set { var, value: Argument::Slot(slot) } = step.kind {
                    assignments.push((var, slot));
                }
            });
        }
    }
    let mut slots = vec![false; ir.slots.len()];
    let mut vars = vec![false; ir.vars.len()];
    let is_set = |flags: &[bool], at: usize| flags.get(at).copied().unwrap_or_default();
    loop {
        let before = slots.clone();
        for (at, slot) in ir.slots.iter().enumerate() {
            let taints = match &slot.kind {
                SlotKind::Secret(_) => true,
                SlotKind::Var(var) => is_set(&vars, *var),
                SlotKind::Call { arguments, .. } => arguments.iter().any(
                    |argument| matches!(argument, Argument::Slot(slot) if is_set(&slots, *slot as usize)),
                ),
                SlotKind::Cell { .. } | SlotKind::Env(_) => false,
            };
            if let (true, Some(slot)) = (taints, slots.get_mut(at)) {
                *slot = true;
            }
        }
        for (var, slot) in &assignments {
            if let (true, Some(var)) = (is_set(&slots, *slot as usize), vars.get_mut(*var)) {
                *var = true;
            }
        }
        if slots == before {
            return slots;
        }
    }
}

/// Looks at every step, those inside of others included.
fn each(steps: &mut [Step], look: &mut impl FnMut(&mut Step)) {
    for step in steps {
        look(step);
        for inner in step.inner_mut() {
            each(inner, look);
        }
    }
}
