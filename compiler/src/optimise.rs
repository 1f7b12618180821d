//! Optimisation of the IR. Each pass leaves a plan that behaves the same; a test runs every
//! case in both forms.
//!
//! Variables that nothing can change were folded before, where their placeholders were
//! resolved, because how a request is prepared depends on it. Equal rows are shared
//! afterwards, by the [`Builder`](ld_vm::build::Builder).

use ld_stdlib::{Piece, Template};

use crate::ir::{Ir, Operand, Run};

/// Runs every pass.
pub(crate) fn run(ir: &mut Ir) {
    for run in &mut ir.runs {
        drop_unreachable(run);
        for task in &mut run.tasks {
            let operands = task
                .checks
                .iter_mut()
                .flat_map(|check| &mut check.operands)
                .chain(task.extracts.iter_mut().flat_map(|extract| &mut extract.operands));
            for operand in operands {
                if let Operand::Text(template) | Operand::Json(template) = operand {
                    merge(template);
                }
            }
            task.request.parts.iter_mut().for_each(merge);
        }
    }
}

/// A task of weight 0 is never picked.
fn drop_unreachable(run: &mut Run) {
    if run.weighted {
        run.tasks.retain(|task| task.weight > 0);
    }
}

/// Neighbouring texts become one.
fn merge(template: &mut Template) {
    let mut merged: Vec<Piece> = Vec::with_capacity(template.pieces.len());
    for piece in std::mem::take(&mut template.pieces) {
        match (merged.last_mut(), piece) {
            (Some(Piece::Text(before)), Piece::Text(text)) => before.extend_from_slice(&text),
            (_, piece) => merged.push(piece),
        }
    }
    template.pieces = merged;
}
