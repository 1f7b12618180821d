//! `ramp-longer-than-run`: users that are still being started when the run ends.

use ld_vm::program::LoadKind;

use super::Plan;
use crate::diag::{Code, Diagnostic};
use crate::ir::Scenario;

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    for run in &plan.ir.runs {
        let Some(length) = run.duration_ns.map(|ns| ns as f64 / 1e9) else { continue };
        // What of the run is left once a scenario begins.
        let left = |scenario: &Scenario| length - scenario.start_after_ns as f64 / 1e9;
        let slow = run.scenarios.iter().find(|scenario| {
            let load = &scenario.load;
            let ramp = f64::from(load.users.saturating_sub(1)) / load.spawn_rate;
            load.kind == LoadKind::Batches && left(scenario) > 0.0 && ramp > left(scenario)
        });
        let Some(slow) = slow else { continue };
        let load = &slow.load;
        let started = (left(slow) * load.spawn_rate).floor();
        let message = format!("of {} users only {started} ever start", load.users);
        let problem = Diagnostic::new(Code::RampLongerThanRun, message)
            .label(plan.place(run, "spawn_rate"), format!("{} per second", load.spawn_rate))
            .also(plan.place(run, "test_time"), format!("the run takes {length} s"))
            .help("start them faster, or let the run be longer");
        problems.push(problem);
    }
}
