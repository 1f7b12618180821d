//! The state of a run at one moment, for the live display.

use std::time::Duration;

use serde::Serialize;

use crate::generator::{GeneratorHealth, Verdict, VerdictState};
use crate::totals::Totals;

/// What the runtime knows and the totals do not.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Progress {
    /// Time since the run started.
    pub elapsed: Duration,
    /// Time since the last snapshot.
    pub window: Duration,
    /// Users running now.
    pub active_users: u64,
    /// Processor time the generator used in the window per second of it: 1.0 is one whole core.
    pub cores: f64,
}

/// Figures of a run so far and of its last second.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Snapshot {
    /// Seconds since the run started.
    pub elapsed_s: f64,
    /// Users running now.
    pub active_users: u64,
    /// Requests that succeeded so far.
    pub ok: u64,
    /// Requests that failed so far.
    pub failed: u64,
    /// Requests per second in the window.
    pub rps: f64,
    /// Requests that failed in the window.
    pub window_failed: u64,
    /// Median response time so far, in milliseconds; failures included, as in all below.
    pub p50_ms: f64,
    /// 95th percentile of response time so far, in milliseconds.
    pub p95_ms: f64,
    /// 99th percentile of response time so far, in milliseconds.
    pub p99_ms: f64,
    /// Median response time in the window, in milliseconds.
    pub window_p50_ms: f64,
    /// 99th percentile of response time in the window, in milliseconds.
    pub window_p99_ms: f64,
    /// Processor time the generator used in the window per second of it: 1.0 is one whole core.
    pub cores: f64,
    /// 99th percentile of how late sends were so far, in milliseconds; 0 when nothing had to wait.
    pub lateness_p99_ms: f64,
    /// What the verdict would be if the run ended now.
    pub verdict: VerdictState,
}

impl Totals {
    /// Closes the window that the last call opened, and says how the run is doing.
    pub fn snapshot(&mut self, progress: &Progress, health: &GeneratorHealth) -> Snapshot {
        let window = &self.window;
        let seconds = progress.window.as_secs_f64();
        let [p50, p95, p99] = self.response().percentiles([50.0, 95.0, 99.0]);
        let [window_p50, window_p99] = window.response.percentiles([50.0, 99.0]);
        let failed = self.failed();
        let snapshot = Snapshot {
            elapsed_s: progress.elapsed.as_secs_f64(),
            active_users: progress.active_users,
            ok: self.requests() - failed,
            failed,
            rps: if seconds > 0.0 { window.response.count() as f64 / seconds } else { 0.0 },
            window_failed: window.failed,
            p50_ms: p50 / 1e6,
            p95_ms: p95 / 1e6,
            p99_ms: p99 / 1e6,
            window_p50_ms: window_p50 / 1e6,
            window_p99_ms: window_p99 / 1e6,
            cores: progress.cores,
            lateness_p99_ms: self.lateness().percentile(99.0) / 1e6,
            verdict: Verdict::so_far(health, self).state,
        };
        self.window.failed = 0;
        self.window.response.clear();
        snapshot
    }
}
