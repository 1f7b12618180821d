//! `cannot-pass`: an assertion that no reply can meet.

use super::{Plan, check};
use crate::diag::{Code, Diagnostic};
use crate::ir::{Check, Const, Task};

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    check::each_task(plan, |task| {
        for check in task.checks.iter().filter(|check| !check.assertion.internal) {
            if let Some(why) = why(check).or_else(|| why_of_http(task, check)) {
                let message = format!("this `{}` fails for every reply", check.assertion.name);
                problems.push(Diagnostic::new(Code::CannotPass, message).label(check.span, why));
            }
        }
    });
}

fn why(check: &Check) -> Option<&'static str> {
    let value = || check::number(check, "value");
    match (check.assertion.name, check::op(check)?) {
        ("not_contains", _) if check::text(check, "value") == Some("") => {
            Some("every text contains nothing")
        }
        ("status_code", "in") if check::known(check, "value") == Some(&none()) => {
            Some("nothing is in an empty list")
        }
        ("size", "lt") if value()? <= 0.0 => Some("no size is below zero"),
        ("latency", "lt" | "le") if value()? <= 0.0 => Some("every exchange takes time"),
        ("header", "eq") if is_number(check) => Some("a header is text, and never equals a number"),
        _ => None,
    }
}

/// Other protocols have statuses of their own.
fn why_of_http(task: &Task, check: &Check) -> Option<&'static str> {
    let value = || check::number(check, "value");
    if task.protocol.default_check != Some("status_below_400") {
        return None;
    }
    match (check.assertion.name, check::op(check)?) {
        ("status_code", "eq")
            if value().is_some_and(|status| !(100.0..600.0).contains(&status)) =>
        {
            Some("a status is from 100 to 599 (RFC 9110 §15)")
        }
        ("status_code", "lt") if value()? <= 100.0 => Some("no status is below 100"),
        ("status_code", "gt") if value()? >= 599.0 => Some("no status is above 599"),
        _ => None,
    }
}

fn is_number(check: &Check) -> bool {
    matches!(check::known(check, "value"), Some(Const::Int(_) | Const::Float(_)))
}

fn none() -> Const {
    Const::Json(b"[]".to_vec())
}
