//! `unreachable-throttle`: a rate that the users of a scenario cannot reach.

use super::Plan;
use crate::diag::{Code, Diagnostic};
use crate::ir::{Scenario, StepKind};

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    for run in &plan.ir.runs {
        // Scenarios may share a rate.
        let [scenario] = run.scenarios.as_slice() else { continue };
        let Some(ticks) = ticks_per_second(scenario) else { continue };
        let plain = scenario.steps.iter().all(|step| matches!(step.kind, StepKind::Task(_)));
        if !plain {
            continue;
        }
        let total: u64 = scenario.steps.iter().map(|step| step.weight).sum();
        let share = |weight: u64| match scenario.weighted {
            true => weight as f64 / total.max(1) as f64,
            false => 1.0,
        };
        let tasks = scenario.steps.iter().filter_map(|step| match &step.kind {
            StepKind::Task(task) => Some((step.weight, task)),
            _ => None,
        });
        for (_, task) in tasks.clone() {
            for throttle in &task.throttles {
                let users = tasks.clone().filter(|(_, other)| other.throttles.contains(throttle));
                let requests: f64 = users.map(|(weight, _)| ticks * share(weight)).sum();
                let rate = 1e9 / throttle.interval_ns.max(1) as f64;
                if rate > requests * 1.01 {
                    let message =
                        format!("this throttle of {rate} per second never holds anything back");
                    let problem = Diagnostic::new(Code::UnreachableThrottle, message)
                        .label(
                            plan.field(task.span, "throttle"),
                            format!("all users together make at most {requests:.1} per second"),
                        )
                        .help("more users, or a shorter `wait_time`, or no throttle");
                    problems.push(problem);
                }
            }
        }
    }
}

/// How many ticks all users together begin per second at most; `None` where that is not known.
fn ticks_per_second(scenario: &Scenario) -> Option<f64> {
    if scenario.load.is_open() {
        return None;
    }
    // At least the pauses take time.
    let steps = scenario.steps.iter();
    let pauses = steps.filter_map(|step| match &step.kind {
        StepKind::Task(task) if !scenario.weighted => task.think.map(|pause| pause.min_ns),
        _ => None,
    });
    let tick_ns: u64 = if scenario.paced {
        scenario.wait.min_ns
    } else {
        scenario.wait.min_ns + pauses.sum::<u64>()
    };
    (tick_ns > 0).then(|| f64::from(scenario.load.users) * 1e9 / tick_ns as f64)
}
