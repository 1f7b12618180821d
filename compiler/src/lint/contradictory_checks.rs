//! `contradictory-checks`: assertions of one task that cannot all hold.

use super::{Plan, check};
use crate::diag::{Code, Diagnostic};
use crate::ir::{Check, Const};

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    check::each_task(plan, |task| {
        for (at, later) in task.checks.iter().enumerate() {
            let earlier = task.checks.iter().take(at);
            let Some(earlier) = earlier.rev().find(|earlier| contradict(earlier, later)) else {
                continue;
            };
            let message = format!("this `{}` contradicts an earlier check", later.assertion.name);
            let problem = Diagnostic::new(Code::ContradictoryChecks, message)
                .label(later.span, "no reply meets both this …")
                .also(earlier.span, "… and this");
            problems.push(problem);
        }
    });
}

fn contradict(one: &Check, other: &Check) -> bool {
    let (name, with) = (one.assertion.name, other.assertion.name);
    if matches!((name, with), ("contains", "not_contains") | ("not_contains", "contains")) {
        return known_equal(one, other, "value") == Some(true);
    }
    if name != with || check::op(one) != Some("eq") || check::op(other) != Some("eq") {
        return false;
    }
    match name {
        "status_code" | "size" => different(one, other),
        "json_path" => known_equal(one, other, "path") == Some(true) && different(one, other),
        "header" => {
            let names = check::text(one, "name").zip(check::text(other, "name"));
            names.is_some_and(|(a, b)| a.eq_ignore_ascii_case(b)) && different(one, other)
        }
        _ => false,
    }
}

/// Whether both ask for a value, and for another one.
fn different(one: &Check, other: &Check) -> bool {
    if let Some((one, other)) = check::number(one, "value").zip(check::number(other, "value")) {
        return one != other;
    }
    let asks = |check: &Check| !matches!(check::known(check, "value"), None | Some(Const::Null));
    asks(one) && asks(other) && known_equal(one, other, "value") == Some(false)
}

fn known_equal(one: &Check, other: &Check, field: &str) -> Option<bool> {
    Some(check::known(one, field)? == check::known(other, field)?)
}
