//! What lints read of checks.

use super::Plan;
use crate::ir::{Check, Const, Operand, Step, Task};

/// Calls `see` for every task.
pub(super) fn each_task<'i>(plan: &Plan<'i>, mut see: impl FnMut(&'i Task)) {
    for scenario in plan.ir.runs.iter().flat_map(|run| &run.scenarios) {
        for list in super::plan::lists(scenario) {
            Step::tasks(list).into_iter().for_each(&mut see);
        }
    }
}

/// An operand of a check by the name of its field, when it is known before the run.
pub(super) fn known<'c>(check: &'c Check, field: &str) -> Option<&'c Const> {
    let at = check.assertion.fields.iter().position(|known| known.name == field)?;
    match check.operands.get(at) {
        None => Some(&Const::Null),
        Some(Operand::Const(value)) => Some(value),
        Some(Operand::Slot(_) | Operand::Text(_) | Operand::Json(_)) => None,
    }
}

/// A text operand.
pub(super) fn text<'c>(check: &'c Check, field: &str) -> Option<&'c str> {
    match known(check, field)? {
        Const::Text(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}

/// A number, or text that is one.
pub(super) fn number(check: &Check, field: &str) -> Option<f64> {
    match known(check, field)? {
        Const::Int(number) => Some(*number as f64),
        Const::Float(number) => Some(*number),
        Const::Text(bytes) => std::str::from_utf8(bytes).ok()?.trim().parse().ok(),
        _ => None,
    }
}

/// How a check compares; what its row says where it does not.
pub(super) fn op(check: &Check) -> Option<&str> {
    match known(check, "op") {
        Some(Const::Text(word)) => std::str::from_utf8(word).ok(),
        Some(Const::Null) if check.assertion.name == "latency" => Some("le"),
        Some(Const::Null) | None => Some("eq"),
        Some(_) => None,
    }
}

/// Whether all operands are the same, so that both checks ask the same.
pub(super) fn same(one: &Check, other: &Check) -> bool {
    let equal = |(a, b): (&Operand, &Operand)| match (a, b) {
        (Operand::Const(a), Operand::Const(b)) => a == b,
        _ => false,
    };
    one.assertion.name == other.assertion.name
        && one.operands.len() == other.operands.len()
        && one.operands.iter().zip(&other.operands).all(equal)
}
