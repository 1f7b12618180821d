//! Rates that tasks are held to: `throttle` of a task, `max_rps` of a run.

use ld_stdlib::{Span, Tree, TreeKind};

use crate::diag::{Code, Diagnostic};
use crate::ir::Throttle;
use crate::lower::Lower;
use crate::scenario::number;
use crate::task::as_written;

/// The key of tasks that have neither a key nor a name, as in the reference.
const DEFAULT_KEY: &str = "default";
/// The key of `max_rps`, which no task can have.
const RUN: &str = "";

/// Begins a run, whose requests may be held to a rate together.
pub(crate) fn of_run(max_rps: Option<&Tree>, lower: &mut Lower<'_>) {
    lower.scope.throttles.clear();
    if let Some((tree, rps)) = max_rps.and_then(|tree| Some((tree, number(tree)?))) {
        lower.scope.throttles.push((throttle(RUN.to_owned(), rps, 1), tree.span));
    }
}

/// The throttles of a task: its own, then that of the run.
pub(crate) fn throttles(
    written: Option<&Tree>,
    name: Option<&Tree>,
    lower: &mut Lower<'_>,
) -> Vec<Throttle> {
    let mut throttles = Vec::new();
    if let Some(tree) = written.filter(|tree| tree.kind != TreeKind::Null)
        && let Some(rps) = tree.member("rps").and_then(number)
    {
        let text = |tree: &Tree| {
            let text = as_written(&tree.to_text(), &lower.ir.slots);
            String::from_utf8(text).ok().filter(|text| !text.is_empty())
        };
        let key = tree.member("key").and_then(text).or_else(|| name.and_then(text));
        let burst = tree.member("burst").and_then(number).unwrap_or(rps).max(1.0);
        let own = throttle(key.unwrap_or_else(|| DEFAULT_KEY.to_owned()), rps, burst as u32);
        agree(&own, tree.span, lower);
        throttles.push(own);
    }
    let run = lower.scope.throttles.first().filter(|(throttle, _)| throttle.key == RUN);
    throttles.extend(run.map(|(throttle, _)| throttle.clone()));
    throttles
}

/// Reports settings that differ from earlier ones of the same key.
fn agree(own: &Throttle, span: Span, lower: &mut Lower<'_>) {
    let earlier = lower.scope.throttles.iter().find(|(earlier, _)| earlier.key == own.key);
    match earlier {
        None => lower.scope.throttles.push((own.clone(), span)),
        Some((earlier, _)) if earlier == own => {}
        Some((_, other)) => {
            let message = format!("the throttle `{}` has two settings", own.key);
            let problem = Diagnostic::new(Code::ConflictingSettings, message)
                .label(span, "these …")
                .also(*other, "… and these differ")
                .help("give both the same `rps` and `burst`, or different keys");
            lower.report(problem);
        }
    }
}

fn throttle(key: String, rps: f64, burst: u32) -> Throttle {
    Throttle { key, interval_ns: ((1e9 / rps).round() as u64).max(1), burst }
}
