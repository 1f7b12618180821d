//! How a summary is made from what was measured.

use std::cmp::Reverse;

use super::names::{Named, named};
use super::{
    Busy, Bytes, Connections, Distribution, Durations, ErrorGroup, Generator, Groups,
    LatencyOverall, NameSummary, PerName, PerScenario, Retries, RunInfo, ScenarioSummary,
    ScenarioUsers, Summary, Throttled, TotalCounts, Users, Warmup,
};
use crate::generator::{GeneratorHealth, ShardBusy, Verdict};
use crate::histogram::Histogram;
use crate::times::Pair;
use crate::totals::Totals;

impl Summary {
    /// Sums up a run.
    #[must_use]
    pub fn new(run: &RunInfo, totals: &Totals, health: &GeneratorHealth) -> Self {
        let seconds = run.duration.saturating_sub(run.warmup).as_secs_f64();
        let per_name = PerName::new(run, totals, seconds);
        let (requests, failures) = (totals.requests(), totals.failed());
        let response_time = Distribution::of(totals.response());
        let counters = totals.counters();
        Self {
            plan: run.plan.clone(),
            started_at_s: run.started_at_s,
            seed: run.seed,
            interrupted: run.interrupted,
            duration: Durations {
                planned_s: run.duration_planned.map(|planned| planned.as_secs_f64()),
                achieved_s: run.duration.as_secs_f64(),
            },
            users: Users { planned: run.users_planned, achieved: run.users_started },
            warmup: Warmup {
                duration_s: run.warmup.as_secs_f64(),
                requests: counters.warmup_requests,
                failures: counters.warmup_failures,
            },
            arrivals: run.arrivals,
            totals: TotalCounts {
                requests,
                successes: requests - failures,
                failures,
                failure_rate: ratio(failures as f64, requests as f64),
            },
            rps: ratio(requests as f64, seconds),
            latency_overall: LatencyOverall::of(&response_time),
            response_time,
            service_time: Distribution::of(totals.service()),
            connect_time: Distribution::of(totals.connect()),
            tls_time: Distribution::of(totals.tls()),
            first_byte_time: Distribution::of(totals.first_byte()),
            errors: ErrorGroup::all(run, totals),
            bytes: per_name.iter().fold(Bytes::default(), |sum, name| sum.plus(name.bytes)),
            connections: Connections {
                opened: counters.connections_opened,
                reopened: counters.connections_reopened,
            },
            ticks: counters.ticks,
            overruns: counters.overruns,
            throttled: Throttled {
                requests: counters.throttled,
                waited_s: counters.throttled_ns as f64 / 1e9,
            },
            retries: Retries { attempts: counters.retried, recovered: counters.recovered },
            stuck_ticks: counters.stuck_ticks,
            dropped_messages: counters.dropped_messages,
            cut: counters.cut,
            unresolved: per_name.iter().map(|name| name.unresolved).sum(),
            soft_failures: per_name.iter().map(|name| name.soft_failures).sum(),
            generator: Generator {
                threads: health.shards.len(),
                cpu_user_s: health.cpu_user.as_secs_f64(),
                cpu_system_s: health.cpu_system.as_secs_f64(),
                cores: health.cores(),
                lateness: Distribution::of(totals.lateness()),
                late_starts: counters.late_starts,
                busy: health.shards.iter().map(Busy::of).collect(),
                ports_exhausted: health.ports_exhausted,
                descriptors_exhausted: health.descriptors_exhausted,
                memory_exhausted: health.memory_exhausted,
            },
            verdict: Verdict::at_end(run, health, totals),
            metadata: run.metadata.clone(),
            gates: run.gates.clone(),
            per_name,
            per_scenario: PerScenario::new(run, totals, seconds),
            groups: Groups::new(run, totals),
        }
    }
}

impl PerName {
    fn new(run: &RunInfo, totals: &Totals, seconds: f64) -> Self {
        // One pair of dense histograms serves name after name.
        let mut times = Pair::default();
        let names = named(run, |series| run.is_of_requests(series)).into_iter();
        let summaries = names.map(|Named { key, name, scenario, method, series }| {
            times.clear();
            let mut figures = NameSummary::of(&series, totals, seconds, &mut times);
            figures.name = name.to_owned();
            figures.method = method.to_owned();
            figures.scenario = scenario.map(str::to_owned);
            (key, figures)
        });
        Self(summaries.collect())
    }
}

impl PerScenario {
    fn new(run: &RunInfo, totals: &Totals, seconds: f64) -> Self {
        let mut times = Pair::default();
        let summaries = run.scenario_users.iter().map(|users| {
            let ScenarioUsers { name, planned, started } = users;
            let series = run.scenarios.iter().enumerate();
            let series: Vec<_> = series.filter(|(_, of)| *of == name).map(|(at, _)| at).collect();
            times.clear();
            let mut figures = NameSummary::of(&series, totals, seconds, &mut times);
            figures.scenario = Some(name.clone());
            let users = Users { planned: *planned, achieved: *started };
            (name.clone(), ScenarioSummary { users, figures })
        });
        Self(summaries.collect())
    }
}

impl NameSummary {
    /// `times` must be empty.
    fn of(series: &[usize], totals: &Totals, seconds: f64, times: &mut Pair<Histogram>) -> Self {
        for &series in series {
            totals.add_ok_to(series, times);
        }
        let successes = Distribution::of(&times.response);
        for &series in series {
            totals.add_failed_to(series, times);
        }
        let stats = || series.iter().filter_map(|&series| totals.series().get(series));
        let requests = times.response.count();
        let failures = requests - successes.count;
        Self {
            name: String::new(),
            method: String::new(),
            scenario: None,
            successes,
            requests,
            failures,
            failure_rate: ratio(failures as f64, requests as f64),
            rps: ratio(requests as f64, seconds),
            response_time: Distribution::of(&times.response),
            service_time: Distribution::of(&times.service),
            bytes: Bytes {
                out: stats().map(|series| series.bytes_out).sum(),
                in_: stats().map(|series| series.bytes_in).sum(),
            },
            unresolved: stats().map(|series| series.unresolved).sum(),
            soft_failures: stats().map(|series| series.soft_failures).sum(),
        }
    }
}

impl Distribution {
    /// The figures of a histogram.
    #[must_use]
    pub fn of(histogram: &Histogram) -> Self {
        let [p50, p90, p95, p99, p99_9] = histogram.percentiles([50.0, 90.0, 95.0, 99.0, 99.9]);
        Self {
            count: histogram.count(),
            min_ms: ms(histogram.min() as f64),
            mean_ms: ms(histogram.mean()),
            p50_ms: ms(p50),
            p90_ms: ms(p90),
            p95_ms: ms(p95),
            p99_ms: ms(p99),
            p99_9_ms: ms(p99_9),
            max_ms: ms(histogram.max() as f64),
        }
    }
}

impl LatencyOverall {
    fn of(all: &Distribution) -> Self {
        let Distribution { count, p50_ms, p90_ms, p95_ms, p99_ms, max_ms, .. } = *all;
        Self { count, p50_ms, p90_ms, p95_ms, p99_ms, max_ms }
    }
}

impl ErrorGroup {
    /// All groups, the most frequent first.
    fn all(run: &RunInfo, totals: &Totals) -> Vec<Self> {
        let groups = totals.failures().map(|(series, class, group)| Self {
            name: run.names.get(series as usize).cloned().unwrap_or_default(),
            scenario: run.scenario_of(series as usize).map(str::to_owned),
            class,
            text: group.text.clone(),
            sample: group.sample.clone(),
            count: group.count,
            first_s: ms(group.first_ns as f64) / 1e3,
            last_s: ms(group.last_ns as f64) / 1e3,
        });
        let mut groups: Vec<_> = groups.collect();
        groups.sort_by_key(|group| Reverse(group.count));
        groups
    }
}

impl Bytes {
    fn plus(self, other: Self) -> Self {
        Self { out: self.out + other.out, in_: self.in_ + other.in_ }
    }
}

impl Busy {
    fn of(shard: &ShardBusy) -> Self {
        Self {
            mean: shard.mean(),
            max: shard.max,
            full_s: shard.full_seconds,
            observed_s: shard.seconds,
        }
    }
}

/// Nanoseconds as milliseconds, to the nanosecond: more digits would only look exact.
fn ms(ns: f64) -> f64 {
    ns.round() / 1e6
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}
