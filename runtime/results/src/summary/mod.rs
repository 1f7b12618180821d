//! The summary of a run: one object with every figure, the same for people and programs.
//!
//! Its JSON form is described field by field in `docs/summary.md`; a test holds the two together.
//! `totals`, `latency_overall` and the flat figures of `per_name` are those of the reference
//! language, where a name's latencies are those of its successes. The `response_time` and
//! `service_time` objects beside them are of all requests, failures included.

mod build;
mod groups;
mod load;
mod names;

use std::path::Path;
use std::time::Duration;

pub use self::load::{
    Arrivals, PerScenario, Retries, ScenarioSummary, ScenarioUsers, Throttled, Warmup,
};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

pub use groups::{GroupSummary, Groups};

use crate::gates::GateResult;
use crate::generator::Verdict;
use crate::write::{WriteError, to_json, write_json};

/// What the runtime knows about a run beside its samples.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunInfo {
    /// What to call the plan: usually its file name.
    pub plan: String,
    /// The name of each series, by series number. Series of equal name are summed up as one.
    pub names: Vec<String>,
    /// The scenario of each series; empty for a run whose only scenario has no name. Series of
    /// scenarios that differ are summed up apart.
    pub scenarios: Vec<String>,
    /// The method of each series; empty where there is none.
    pub methods: Vec<String>,
    /// The users of the scenarios that have a name.
    pub scenario_users: Vec<ScenarioUsers>,
    /// Which series are groups.
    pub groups: Vec<bool>,
    /// Which series are of requests that are in no statistics.
    pub apart: Vec<bool>,
    /// Users the plan asked for.
    pub users_planned: u64,
    /// Users that started.
    pub users_started: u64,
    /// How long the run was to take, if the plan said so.
    pub duration_planned: Option<Duration>,
    /// How long it took.
    pub duration: Duration,
    /// The part of it that was warm-up.
    pub warmup: Duration,
    /// What became of ticks that were to start at a rate, if there were any.
    pub arrivals: Option<Arrivals>,
    /// When it started, in seconds since 1970.
    pub started_at_s: f64,
    /// Seed of everything random in it.
    pub seed: u64,
    /// Whether it was stopped before its planned end.
    pub interrupted: bool,
    /// What the plan says about itself: `name`, `owner`, `tags`, `description`.
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// What became of gates.
    pub gates: Vec<GateResult>,
}

/// All figures of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// What the plan was called: usually its file name.
    pub plan: String,
    /// When the run started, in seconds since 1970.
    pub started_at_s: f64,
    /// Seed of everything random in it.
    pub seed: u64,
    /// Whether it was stopped before its planned end.
    pub interrupted: bool,
    /// How long it was to take, and took.
    pub duration: Durations,
    /// How many users there were to be, and were.
    pub users: Users,
    /// What came before the figures.
    pub warmup: Warmup,
    /// What became of ticks that were to start at a rate; none where users tick one after the other.
    pub arrivals: Option<Arrivals>,
    /// Requests by outcome.
    pub totals: TotalCounts,
    /// Requests per second, failures included.
    pub rps: f64,
    /// Response times of all requests, in the reference's form.
    pub latency_overall: LatencyOverall,
    /// Times from when requests were due, failures included.
    pub response_time: Distribution,
    /// Times from when requests were sent, failures included.
    pub service_time: Distribution,
    /// Times to connect, name resolution included.
    pub connect_time: Distribution,
    /// Times of TLS handshakes.
    pub tls_time: Distribution,
    /// Times from sending to the first byte of the reply.
    pub first_byte_time: Distribution,
    /// Figures by request name.
    pub per_name: PerName,
    /// Figures by scenario, of those that have a name.
    pub per_scenario: PerScenario,
    /// Times of whole groups by name.
    pub groups: Groups,
    /// Failures in groups, the most frequent first.
    pub errors: Vec<ErrorGroup>,
    /// Bytes on the wire.
    pub bytes: Bytes,
    /// Connections opened.
    pub connections: Connections,
    /// Ticks finished.
    pub ticks: u64,
    /// Ticks that took longer than their `pace`.
    pub overruns: u64,
    /// Waiting for turns of throttles.
    pub throttled: Throttled,
    /// Requests that were sent again.
    pub retries: Retries,
    /// Ticks that were ended because they looped and did nothing, or made too long a value.
    pub stuck_ticks: u64,
    /// Messages that came unasked and were dropped unread, because too many waited.
    pub dropped_messages: u64,
    /// Requests in flight when the run ended; they count nowhere else.
    pub cut: u64,
    /// Placeholders that were sent unresolved.
    pub unresolved: u64,
    /// Checks that did not hold and, being soft, failed nothing.
    pub soft_failures: u64,
    /// What the generator used, and how well it kept time.
    pub generator: Generator,
    /// Whether these figures can be believed.
    pub verdict: Verdict,
    /// What the plan says about itself.
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// What became of gates, in the order in which they were judged.
    pub gates: Vec<GateResult>,
}

/// How long the run was to take, and took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Durations {
    /// Seconds the run was to take; none when it was to end by itself.
    pub planned_s: Option<f64>,
    /// Seconds it took.
    pub achieved_s: f64,
}

/// How many users there were to be, and were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Users {
    /// Users the plan asked for.
    pub planned: u64,
    /// Users that started.
    pub achieved: u64,
}

/// Requests by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TotalCounts {
    /// Requests that finished.
    pub requests: u64,
    /// Those that succeeded.
    pub successes: u64,
    /// Those that failed.
    pub failures: u64,
    /// Failures as a share of requests, 0–1.
    pub failure_rate: f64,
}

/// Response times of all requests, as the reference has them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LatencyOverall {
    /// Number of requests.
    pub count: u64,
    /// Median.
    pub p50_ms: f64,
    /// 90th percentile.
    pub p90_ms: f64,
    /// 95th percentile.
    pub p95_ms: f64,
    /// 99th percentile.
    pub p99_ms: f64,
    /// Largest, exact.
    pub max_ms: f64,
}

/// A distribution of times in milliseconds; all zero when there was none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Distribution {
    /// Number of values.
    pub count: u64,
    /// Smallest, exact.
    pub min_ms: f64,
    /// Arithmetic mean, exact.
    pub mean_ms: f64,
    /// Median.
    pub p50_ms: f64,
    /// 90th percentile.
    pub p90_ms: f64,
    /// 95th percentile.
    pub p95_ms: f64,
    /// 99th percentile.
    pub p99_ms: f64,
    /// 99.9th percentile.
    pub p99_9_ms: f64,
    /// Largest, exact.
    pub max_ms: f64,
}

/// Figures by name, in the order of the plan; an object in JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct PerName(pub Vec<(String, NameSummary)>);

/// Figures of one name. Its flattened distribution is that of the response times of successes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NameSummary {
    /// The name, as the plan has it; empty for a scenario.
    #[serde(skip)]
    pub name: String,
    /// The method of its first request; empty for a scenario.
    #[serde(skip)]
    pub method: String,
    /// The scenario, where it has a name.
    pub scenario: Option<String>,
    /// Response times of successes; its `count` is the number of successes.
    #[serde(flatten)]
    pub successes: Distribution,
    /// Requests that finished.
    pub requests: u64,
    /// Those that failed.
    pub failures: u64,
    /// Failures as a share of requests, 0–1.
    pub failure_rate: f64,
    /// Requests per second, failures included.
    pub rps: f64,
    /// Times from when requests were due, failures included.
    pub response_time: Distribution,
    /// Times from when requests were sent, failures included.
    pub service_time: Distribution,
    /// Bytes on the wire.
    pub bytes: Bytes,
    /// Placeholders that were sent unresolved.
    pub unresolved: u64,
    /// Checks that did not hold and, being soft, failed nothing.
    pub soft_failures: u64,
}

/// Failures of one name, class and text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ErrorGroup {
    /// Name of the requests that failed.
    pub name: String,
    /// Their scenario, where it has a name.
    pub scenario: Option<String>,
    /// Class of the failure, such as `assertion` or `timeout`.
    pub class: &'static str,
    /// What went wrong, or `other texts` for all texts beyond the limit.
    pub text: String,
    /// One of the texts behind `other texts`.
    pub sample: Option<String>,
    /// How many there were.
    pub count: u64,
    /// Time of the first, in seconds since the run started.
    pub first_s: f64,
    /// Time of the last, in seconds since the run started.
    pub last_s: f64,
}

/// Bytes on the wire.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Bytes {
    /// Bytes sent.
    pub out: u64,
    /// Bytes received.
    #[serde(rename = "in")]
    pub in_: u64,
}

/// Connections opened, and how many of them in place of one the peer had closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Connections {
    /// Connections opened, reopened ones included.
    pub opened: u64,
    /// Connections opened in place of one the peer had closed.
    pub reopened: u64,
}

/// What the generator used, and how well it kept time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Generator {
    /// Number of shards.
    pub threads: usize,
    /// Processor seconds in the generator's own code.
    pub cpu_user_s: f64,
    /// Processor seconds in the kernel on its behalf.
    pub cpu_system_s: f64,
    /// Processor seconds per second: 1.0 is one whole core.
    pub cores: f64,
    /// How long after their due time requests were sent and users woken.
    pub lateness: Distribution,
    /// Sends and wake-ups more than a millisecond late.
    pub late_starts: u64,
    /// How busy each shard was, by shard number.
    pub busy: Vec<Busy>,
    /// Connections that failed because no local port was free.
    pub ports_exhausted: u64,
    /// Connections that failed because no more descriptors could be opened.
    pub descriptors_exhausted: u64,
    /// Connections that failed because the system had no memory for their sockets.
    pub memory_exhausted: u64,
}

/// How busy a shard was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Busy {
    /// Share of the time it was at work, 0–1.
    pub mean: f64,
    /// The same in its busiest second.
    pub max: f64,
    /// Seconds in which it was at least 95 % busy.
    pub full_s: u32,
    /// Seconds observed.
    pub observed_s: u32,
}

impl Summary {
    /// The summary as one JSON object, indented by two spaces, in ASCII.
    ///
    /// # Errors
    /// None of its own; serialising is fallible in general.
    pub fn to_json(&self) -> serde_json::Result<String> {
        to_json(self)
    }

    /// Writes the JSON object to `path` so that a reader sees the old file or the new one, never a
    /// part.
    ///
    /// # Errors
    /// Says which step failed at which path.
    pub fn write_to(&self, path: &Path) -> Result<(), WriteError> {
        write_json(self, path)
    }
}

impl PerName {
    /// The figures without the names.
    pub fn iter(&self) -> impl Iterator<Item = &NameSummary> {
        self.0.iter().map(|(_, summary)| summary)
    }

    /// What the requests are called here of which some failed.
    #[must_use]
    pub fn key<'s>(&'s self, error: &'s ErrorGroup) -> &'s str {
        let of = self.0.iter().find(|(_, figures)| error.is_of(figures));
        of.map_or(&error.name, |(key, _)| key)
    }
}

impl ErrorGroup {
    /// Whether requests with these figures failed.
    #[must_use]
    pub fn is_of(&self, figures: &NameSummary) -> bool {
        self.name == figures.name && self.scenario == figures.scenario
    }
}

impl Serialize for PerName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, summary) in &self.0 {
            map.serialize_entry(name, summary)?;
        }
        map.end()
    }
}
