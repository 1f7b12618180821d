//! `scenario-never-starts`: a scenario that begins after the end of the run.

use super::Plan;
use crate::diag::{Code, Diagnostic};

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    for run in &plan.ir.runs {
        let Some(length) = run.duration_ns else { continue };
        for scenario in run.scenarios.iter().filter(|s| s.start_after_ns > 0) {
            if scenario.start_after_ns >= length {
                let message = format!("scenario `{}` never starts", scenario.name);
                let begin = scenario.start_after_ns as f64 / 1e9;
                let place = plan.scenario(run, &scenario.name, "start_after");
                let problem = Diagnostic::new(Code::ScenarioNeverStarts, message)
                    .label(place, format!("it would start after {begin} s"))
                    .also(
                        plan.place(run, "test_time"),
                        format!("the run takes {} s", length as f64 / 1e9),
                    );
                problems.push(problem);
            }
        }
    }
}
