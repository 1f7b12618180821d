//! What may hold a secret, besides the secrets themselves: calls with one among their operands,
//! and variables that are set to such a thing anywhere.
//!
//! That goes by the program alone, as it does where plans are compiled: what is made of a secret
//! is hidden whatever it looks like.

use crate::program::{Many, OperandId, OperandKind, Program, SlotKind, VarId};

/// The slots and variables of a program that may hold what was made of a secret.
#[derive(Debug, Default)]
pub(crate) struct Taint {
    slots: Vec<bool>,
    /// The variables.
    pub(crate) vars: Vec<VarId>,
}

impl Taint {
    pub(crate) fn of(program: &Program) -> Self {
        let side = &program.tables;
        let is_secret = |kind| kind == SlotKind::Secret;
        if !side.slots.iter().any(|slot| is_secret(slot.kind)) {
            return Self::default();
        }
        let mut slots = vec![false; side.slots.len()];
        let mut vars = vec![false; side.vars.len()];
        loop {
            let mut grows = false;
            for (at, slot) in side.slots.iter().enumerate() {
                let taints = match slot.kind {
                    SlotKind::Secret => true,
                    SlotKind::Var => is_set(&vars, slot.index as usize),
                    SlotKind::Call => any(program, slot.operands, &slots),
                    SlotKind::Cell | SlotKind::Env => false,
                };
                grows |= taints && mark(&mut slots, at);
            }
            for set in &side.sets {
                grows |= is_set(&slots, set.slot.index()) && mark(&mut vars, set.var.index());
            }
            if !grows {
                break;
            }
        }
        let vars = (0..).zip(vars).filter_map(|(var, taints)| taints.then_some(VarId(var)));
        Self { slots, vars: vars.collect() }
    }

    /// Whether a slot's value may be made of a secret.
    pub(crate) fn has_slot(&self, at: usize) -> bool {
        is_set(&self.slots, at)
    }
}

fn any(program: &Program, operands: Many<OperandId>, slots: &[bool]) -> bool {
    let mut rows = Program::rows(&program.tables.operands, operands).iter();
    rows.any(|row| row.kind == OperandKind::Slot && is_set(slots, row.index as usize))
}

fn is_set(flags: &[bool], at: usize) -> bool {
    flags.get(at).copied().unwrap_or_default()
}

/// Sets a flag; whether it was not set before.
fn mark(flags: &mut [bool], at: usize) -> bool {
    flags.get_mut(at).is_some_and(|flag| !std::mem::replace(flag, true))
}
