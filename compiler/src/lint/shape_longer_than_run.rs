//! `shape-longer-than-run`: a load shape that the end of the run cuts off.

use super::Plan;
use crate::diag::{Code, Diagnostic};
use crate::ir::Scenario;

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    for run in &plan.ir.runs {
        let Some(length) = run.duration_ns else { continue };
        let shape = |scenario: &Scenario| {
            let stages = scenario.load.stages.iter().map(|stage| stage.duration_ns);
            stages.fold(scenario.start_after_ns, u64::saturating_add)
        };
        // What never ends is cut off by intention.
        let starts = |scenario: &&Scenario| {
            !scenario.load.stages.is_empty() && scenario.start_after_ns < length
        };
        let shapes = run.scenarios.iter().filter(starts).map(shape);
        let longest = shapes.filter(|shape| *shape < u64::MAX).max();
        let Some(shape) = longest.filter(|shape| *shape > length) else { continue };
        let seconds = |ns: u64| ns as f64 / 1e9;
        let place = ["shape_config", "arrival", "load_shape", "scenarios"]
            .map(|name| plan.place(run, name))
            .into_iter()
            .find(|place| *place != run.span);
        let problem =
            Diagnostic::new(Code::ShapeLongerThanRun, "the load is cut off before its end")
                .label(place.unwrap_or(run.span), format!("this takes {} s", seconds(shape)))
                .also(plan.place(run, "test_time"), format!("the run takes {} s", seconds(length)))
                .help(format!("write `\"test_time\": {}`, or `null`", seconds(shape)));
        problems.push(problem);
    }
}
