//! `cannot-fail`: an assertion that holds whatever the reply is.

use super::{Plan, check};
use crate::diag::{Code, Diagnostic};
use crate::ir::{Check, Const};

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    check::each_task(plan, |task| {
        for check in task.checks.iter().filter(|check| !check.assertion.internal) {
            if let Some(why) = why(check) {
                let name = check.assertion.name;
                let message = format!("this `{name}` holds for every reply");
                problems.push(Diagnostic::new(Code::CannotFail, message).label(check.span, why));
            }
        }
    });
}

fn why(check: &Check) -> Option<&'static str> {
    let at_least = |least: f64| match (check::op(check)?, check::number(check, "value")?) {
        ("ge", value) if value <= least => Some("none is less"),
        ("gt", value) if value < least => Some("all are greater"),
        _ => None,
    };
    match check.assertion.name {
        "contains" if check::text(check, "value") == Some("") => {
            Some("every text contains nothing")
        }
        "regex" if check::known(check, "exists") != Some(&Const::Bool(false)) => {
            matches_anything(check::text(check, "pattern")?).then_some("it matches the empty text")
        }
        "size" | "latency" => at_least(0.0),
        "status_code" => match (check::op(check)?, check::number(check, "value")?) {
            ("lt", value) if value > 999.0 => Some("every status is less"),
            ("le", value) if value >= 999.0 => Some("no status is greater"),
            _ => at_least(100.0),
        },
        _ => None,
    }
}

/// Whether a pattern is made of nothing but optional wildcards.
fn matches_anything(pattern: &str) -> bool {
    let inner = pattern.strip_prefix("(?s)").unwrap_or(pattern);
    matches!(inner, "" | ".*" | ".*?" | "(.*)" | "(.*?)" | "[\\s\\S]*")
}
