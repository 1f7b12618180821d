//! Optimisation of the IR. Each pass leaves a plan that behaves the same; a test runs every
//! case in both forms.
//!
//! Variables that nothing can change were folded before, where their placeholders were
//! resolved, because how a request is prepared depends on it. Equal rows are shared
//! afterwards, by the [`Builder`](ld_vm::build::Builder).

use ld_stdlib::{Piece, Template};

use crate::ir::{Ir, Operand, Scenario, Task};

/// The passes over a whole document.
pub(crate) fn document(ir: &mut Ir) {
    ir.runs.iter_mut().flat_map(|run| &mut run.scenarios).for_each(drop_unreachable);
}

/// The passes over one task. They run as soon as it is lowered, so that the pieces of all
/// tasks of a large plan are never in memory at once.
pub(crate) fn task(task: &mut Task) {
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

/// A step of weight 0 is never picked.
fn drop_unreachable(scenario: &mut Scenario) {
    if scenario.weighted {
        scenario.steps.retain(|step| step.weight > 0);
    }
}

/// Neighbouring texts become one.
fn merge(template: &mut Template) {
    let pieces = &mut template.pieces;
    let is_text = |piece: &Piece| matches!(piece, Piece::Text(_));
    for neighbours in pieces.chunk_by_mut(|piece, next| is_text(piece) && is_text(next)) {
        let [Piece::Text(first), rest @ ..] = neighbours else {
            continue;
        };
        first.reserve_exact(rest.iter().map(length).sum());
        for piece in rest {
            if let Piece::Text(text) = piece {
                first.append(text);
            }
        }
    }
    pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
    pieces.shrink_to_fit();
}

fn length(piece: &Piece) -> usize {
    match piece {
        Piece::Text(text) => text.len(),
        Piece::Slot { .. } => 0,
    }
}
