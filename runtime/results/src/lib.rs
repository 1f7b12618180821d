//! From samples to the summary of a run.
//!
//! Each shard owns a [`Recorder`] and files its [`Sample`]s in it: a few additions, no lock,
//! no allocation. Once a second the shard swaps it for a cleared one and the collector merges what
//! it got into [`Totals`], from which come the [`Snapshot`] of the live display and, at the end,
//! the [`Summary`] with the [`Verdict`] on whether the generator itself can be believed.
//!
//! ```text
//! shard:      Sample ─► Recorder ──take()──┐ once a second
//! collector:                               └─► Totals::absorb ─► Snapshot ─► render::progress
//! at the end:  Totals + GeneratorHealth + RunInfo ─► Summary ─► JSON file, render::summary
//! ```
//!
//! Nothing here reads a clock, a socket or the environment; the only I/O is [`Summary::write_to`].

mod arena;
mod buckets;
mod extent;
mod failures;
mod gates;
mod generator;
mod histogram;
mod recorder;
pub mod render;
mod snapshot;
mod summary;
mod times;
mod totals;
mod watch;
mod write;

pub use buckets::MAX_VALUE_NS;
pub use failures::{FailureGroup, MAX_TEXT_BYTES, MAX_TEXTS};
pub use gates::{GateResult, GateUnit};
pub use generator::{GeneratorHealth, ShardBusy, Verdict, VerdictState};
pub use histogram::Histogram;
pub use recorder::{Counters, LATE_NS, Recorder, Sample};
pub use snapshot::{Progress, Snapshot};
pub use summary::{
    Arrivals, Busy, Bytes, Connections, Distribution, Durations, ErrorGroup, Generator,
    GroupSummary, Groups, LatencyOverall, NameSummary, PerName, PerScenario, Retries, RunInfo,
    ScenarioSummary, ScenarioUsers, Summary, Throttled, TotalCounts, Users, Warmup,
};
pub use totals::Totals;
pub use watch::Watch;
pub use write::{WriteError, write_json, write_text};
