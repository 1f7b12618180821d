//! `warmup-longer-than-run`: a run all of which is left out of its statistics.

use super::Plan;
use crate::diag::{Code, Diagnostic};

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    for run in &plan.ir.runs {
        let Some(length) = run.duration_ns.filter(|length| run.warmup_ns >= *length) else {
            continue;
        };
        let problem = Diagnostic::new(Code::WarmupLongerThanRun, "the whole run is warm-up")
            .label(plan.place(run, "warmup"), "nothing is left to be counted")
            .also(plan.place(run, "test_time"), format!("the run takes {} s", length as f64 / 1e9));
        problems.push(problem);
    }
}
