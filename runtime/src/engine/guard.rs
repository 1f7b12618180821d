//! What looks at a run while it goes on and may stop it: gates and the failure budget.

use std::time::Duration;

use ld_results::{GateResult, GateUnit, Recorder, Watch};
use ld_stdlib::gate::{Figure, Gate, Unit};

/// When a run fails too often to go on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FailureBudget {
    /// The share of failed requests above which it trips.
    pub threshold: f64,
    /// Over how much of the run's last time.
    pub window: Duration,
    /// With fewer requests in that time it does not trip.
    pub min_samples: u64,
    /// Whether the run is stopped then; if not, it only fails at its end.
    pub stop: bool,
}

/// What became of a run's gates and its failure budget.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement {
    /// The gates, in order.
    pub gates: Vec<GateResult>,
    /// The share of failed requests that tripped the budget.
    pub tripped: Option<f64>,
}

/// Everything that looks at a run.
pub(super) struct Guards {
    gates: Vec<Guard>,
    budget: Option<(FailureBudget, Watch)>,
    tripped: Option<f64>,
    /// How long the run's warm-up lasts, of which nothing is recorded.
    warmup: Duration,
}

struct Guard {
    gate: Gate,
    watch: Watch,
    /// Whether it was judged with figures at hand.
    judged: bool,
    /// The last figure it was judged by.
    actual: Option<f64>,
    /// When it failed before the end.
    failed_at: Option<Duration>,
    aborted: bool,
}

impl Guards {
    /// `names` are those of the series, `groups` says which of them are groups.
    pub(super) fn new(
        gates: &[Gate],
        names: &[String],
        groups: &[bool],
        budget: Option<FailureBudget>,
        warmup: Duration,
    ) -> Self {
        let guard = |gate: &Gate| {
            let series = gate.name.as_ref().map(|wanted| {
                let called = names.iter().zip(groups).enumerate();
                let called = called.filter(|(_, (name, _))| *name == wanted);
                let (groups, requests): (Vec<_>, Vec<_>) =
                    called.map(|(series, (_, group))| (series, *group)).partition(|it| it.1);
                // A name of both is that of the requests.
                let meant = if requests.is_empty() { groups } else { requests };
                meant.into_iter().map(|(series, _)| series).collect()
            });
            Guard {
                watch: Watch::new(series, gate.window),
                gate: gate.clone(),
                judged: false,
                actual: None,
                failed_at: None,
                aborted: false,
            }
        };
        Self {
            gates: gates.iter().map(guard).collect(),
            budget: budget.map(|budget| (budget, Watch::new(None, Some(budget.window)))),
            tripped: None,
            warmup,
        }
    }

    /// Takes in what a shard handed over at this time of the run.
    pub(super) fn absorb(&mut self, recorder: &Recorder, at: Duration) {
        self.gates.iter_mut().for_each(|guard| guard.watch.absorb(recorder, at));
        if let Some((_, watch)) = &mut self.budget {
            watch.absorb(recorder, at);
        }
    }

    /// Judges what can be judged while the run goes on; whether the run is to stop.
    pub(super) fn look(&mut self, now: Duration) -> bool {
        let mut stop = false;
        let measured = now.saturating_sub(self.warmup);
        for guard in &mut self.gates {
            guard.watch.slide(now);
            let begun = guard.gate.window.unwrap_or_default().max(guard.gate.after);
            let too_early = measured < begun || guard.gate.is_about_the_end();
            let waits = guard.gate.window.is_none() && !guard.gate.abort;
            if guard.failed_at.is_none() && !too_early && !waits && !guard.judge(measured) {
                guard.failed_at = Some(now);
                guard.aborted = guard.gate.abort;
                stop |= guard.aborted;
            }
        }
        stop | self.spend(now)
    }

    /// Whether the failure budget has just tripped and stops the run.
    fn spend(&mut self, now: Duration) -> bool {
        let Some((budget, watch)) = &mut self.budget else { return false };
        watch.slide(now);
        let spent = watch.failure_rate().filter(|&rate| {
            watch.response().count() >= budget.min_samples && rate > budget.threshold
        });
        if self.tripped.is_some() || spent.is_none() {
            return false;
        }
        self.tripped = spent;
        budget.stop
    }

    /// Judges the rest, once everything is in.
    pub(super) fn finish(mut self, now: Duration) -> Judgement {
        self.spend(now);
        let measured = now.saturating_sub(self.warmup);
        let gates = self.gates.into_iter().map(|guard| guard.result(measured)).collect();
        Judgement { gates, tripped: self.tripped }
    }
}

impl Guard {
    /// Whether the gate holds for what is watched now, or there is nothing to judge.
    fn judge(&mut self, measured: Duration) -> bool {
        let Some(actual) = self.figure(measured) else { return true };
        self.judged = true;
        self.actual = Some(actual);
        self.gate.holds(actual)
    }

    fn figure(&self, measured: Duration) -> Option<f64> {
        let response = self.watch.response();
        let count = response.count();
        match self.gate.figure {
            Figure::Requests => Some(count as f64),
            Figure::Failures => Some(self.watch.failed() as f64),
            Figure::Rps => {
                let seconds = self.gate.window.unwrap_or(measured).min(measured).as_secs_f64();
                (seconds > 0.0).then(|| count as f64 / seconds)
            }
            _ if count == 0 => None,
            Figure::FailureRate => self.watch.failure_rate(),
            Figure::Percentile(percentile) => Some(response.percentile(percentile) / 1e6),
            Figure::Mean => Some(response.mean() / 1e6),
            Figure::Min => Some(response.min() as f64 / 1e6),
            Figure::Max => Some(response.max() as f64 / 1e6),
        }
    }

    fn result(mut self, measured: Duration) -> GateResult {
        // The last window is cut short by the end, so it only counts when there was no other.
        let done = self.failed_at.is_some() || (self.gate.window.is_some() && self.judged);
        let mut holds = self.failed_at.is_none();
        if !done {
            holds = self.judge(measured);
        }
        let no_data = !self.watch.has_seen() && self.gate.figure != Figure::Requests;
        let unit = match self.gate.figure.unit() {
            Unit::Milliseconds => GateUnit::Milliseconds,
            Unit::Share => GateUnit::Share,
            Unit::PerSecond => GateUnit::PerSecond,
            Unit::Count => GateUnit::Count,
        };
        let mut result = GateResult {
            gate: self.gate.to_string(),
            passed: holds && !no_data,
            actual: if no_data { None } else { self.actual },
            unit,
            reason: String::new(),
            failed_at_s: self.failed_at.map(|at| (at.as_secs_f64() * 10.0).round() / 10.0),
            aborted: self.aborted,
        };
        if no_data {
            result.reason = "no requests recorded".to_owned();
        } else if !holds {
            result.reason = format!("{}: {}", result.gate, result.shown());
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use ld_results::Sample;

    use super::*;

    /// The last two are groups.
    const NAMES: [&str; 4] = ["login", "orders", "checkout", "login"];

    fn guards(gates: &[&str], budget: Option<FailureBudget>) -> Guards {
        let gates: Vec<_> = gates.iter().map(|gate| Gate::parse(gate).unwrap()).collect();
        let names = NAMES.map(str::to_owned);
        Guards::new(&gates, &names, &[false, false, true, true], budget, Duration::ZERO)
    }

    /// So many requests of a series that took so many milliseconds.
    fn second(guards: &mut Guards, at: u64, series: u32, count: u64, ms: u64, failed: bool) {
        let mut recorder = Recorder::new(NAMES.len());
        for _ in 0..count {
            let done_ns = ms * 1_000_000;
            recorder.record(&Sample { series, done_ns, failed, ..Sample::default() });
        }
        guards.absorb(&recorder, Duration::from_secs(at));
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_millis(seconds * 1000 + 100)
    }

    #[test]
    fn gates_over_the_whole_run_are_judged_at_its_end() {
        let mut guards = guards(
            &[
                "p95(login) < 20ms",
                "max(orders) <= 15ms",
                "failure_rate < 1%",
                "requests >= 20",
                "rps > 3",
                "mean(gone) < 1s",
                "requests(gone) <= 0",
            ],
            None,
        );
        second(&mut guards, 1, 0, 10, 10, false);
        second(&mut guards, 2, 1, 10, 16, true);
        assert!(!guards.look(at(2)));
        let results = guards.finish(Duration::from_secs(4)).gates;
        let passed: Vec<_> = results.iter().map(|gate| gate.passed).collect();
        assert_eq!(passed, [true, false, false, true, true, false, true]);
        assert_eq!(results[1].reason, "max(orders) <= 15ms: 16 ms");
        assert_eq!((results[2].actual, results[4].actual), (Some(0.5), Some(5.0)));
        assert_eq!((results[5].actual, results[5].reason.as_str()), (None, "no requests recorded"));
    }

    #[test]
    fn gates_may_be_about_groups_but_a_name_of_both_is_that_of_requests() {
        let mut guards = guards(
            &["max(checkout) < 2s", "failures(checkout) < 1", "max(login) < 1s", "requests <= 1"],
            None,
        );
        let mut recorder = Recorder::new(NAMES.len());
        recorder.record(&Sample { done_ns: 10_000_000, ..Sample::default() });
        recorder.record_group(2, 1_500_000_000, false);
        recorder.record_group(2, 2_500_000_000, true);
        recorder.record_group(3, 3_000_000_000, false);
        guards.absorb(&recorder, Duration::from_secs(1));
        let results = guards.finish(Duration::from_secs(2)).gates;
        let passed: Vec<_> = results.iter().map(|gate| gate.passed).collect();
        assert_eq!(passed, [false, false, true, true]);
        assert_eq!((results[0].actual, results[1].actual), (Some(2_500.0), Some(1.0)));
    }

    #[test]
    fn a_window_that_breaks_a_gate_decides_even_if_later_ones_are_fine() {
        let mut guards = guards(&["p50 < 20ms over 2s", "rps >= 5 over 2s"], None);
        for (second_, ms) in [(1, 10), (2, 10), (3, 90), (4, 90), (5, 10), (6, 10)] {
            second(&mut guards, second_, 0, 10, ms, false);
            assert!(!guards.look(at(second_)));
        }
        let results = guards.finish(at(6)).gates;
        assert_eq!((results[0].passed, results[0].failed_at_s), (false, Some(3.1)));
        assert_eq!((results[1].passed, results[1].actual), (true, Some(10.0)));
    }

    #[test]
    fn what_never_came_fails_every_gate_but_one_on_the_number_of_requests() {
        let of_nothing = ["failures(orders) < 1", "rps(orders) < 5", "p95(orders) < 1s"];
        let mut gates: Vec<String> = of_nothing.iter().map(ToString::to_string).collect();
        gates.extend(of_nothing.iter().map(|gate| format!("{gate} over 1s")));
        gates.extend(of_nothing.iter().map(|gate| format!("{gate} abort")));
        gates.push("requests(orders) < 1".to_owned());
        let mut guards = guards(&gates.iter().map(String::as_str).collect::<Vec<_>>(), None);
        for second_ in 1..4 {
            second(&mut guards, second_, 0, 10, 10, false);
            assert!(!guards.look(at(second_)));
        }
        let results = guards.finish(at(4)).gates;
        for gate in &results[..9] {
            assert_eq!((gate.passed, gate.actual), (false, None), "{}", gate.gate);
            assert_eq!(gate.reason, "no requests recorded", "{}", gate.gate);
        }
        assert!(results[9].passed);
    }

    #[test]
    fn a_gate_with_abort_stops_the_run_and_one_that_counts_waits_for_the_end() {
        let mut guards = guards(&["requests >= 100 abort", "failures < 1 after 2s abort"], None);
        second(&mut guards, 1, 0, 5, 10, true);
        assert!(!guards.look(at(1)));
        assert!(guards.look(at(2)));
        assert!(!guards.look(at(3)), "it stops once");
        let results = guards.finish(at(3)).gates;
        assert_eq!((results[0].passed, results[0].aborted), (false, false));
        assert_eq!((results[1].passed, results[1].aborted), (false, true));
    }

    #[test]
    fn a_budget_trips_once_when_too_much_of_a_window_failed() {
        let budget = FailureBudget {
            threshold: 0.25,
            window: Duration::from_secs(2),
            min_samples: 15,
            stop: true,
        };
        let mut guards = guards(&[], Some(budget));
        second(&mut guards, 1, 0, 10, 1, true);
        assert!(!guards.look(at(1)), "too few");
        second(&mut guards, 2, 0, 30, 1, false);
        assert!(!guards.look(at(2)), "exactly the threshold");
        second(&mut guards, 3, 0, 20, 1, true);
        assert!(guards.look(at(3)));
        assert!(!guards.look(at(4)));
        assert_eq!(guards.finish(at(4)).tripped, Some(0.4));
    }
}
