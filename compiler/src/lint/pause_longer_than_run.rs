//! `pause-longer-than-run`: a pause that no user sees the end of.

use super::Plan;
use super::plan::{each_list, lists};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{Pause, StepKind};

pub(super) fn find(plan: &Plan<'_>, problems: &mut Vec<Diagnostic>) {
    for run in &plan.ir.runs {
        let Some(length) = run.duration_ns else { continue };
        let mut tell = |pause: Pause, span: Span| {
            if pause.min_ns >= length && pause.min_ns > 0 {
                let problem =
                    Diagnostic::new(Code::PauseLongerThanRun, "this pause outlasts the run")
                        .label(span, format!("{} s or more", pause.min_ns as f64 / 1e9))
                        .also(
                            plan.place(run, "test_time"),
                            format!("all is over after {} s", length as f64 / 1e9),
                        );
                problems.push(problem);
            }
        };
        for scenario in &run.scenarios {
            for list in lists(scenario) {
                each_list(list, &mut |steps| {
                    for step in steps {
                        match &step.kind {
                            StepKind::Pause(pause) => tell(*pause, step.span),
                            StepKind::Task(task) => {
                                task.think.into_iter().for_each(|pause| {
                                    tell(pause, plan.field(task.span, "think_time"));
                                });
                            }
                            _ => {}
                        }
                    }
                });
            }
        }
    }
}
