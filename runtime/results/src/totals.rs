//! Everything all shards handed over, merged.

use std::collections::BTreeMap;

use crate::failures::{FailureGroup, Failures};
use crate::histogram::Histogram;
use crate::recorder::{Counters, GroupTimes, Recorder};
use crate::times::{Distributions, Pair, Phases, SeriesStats};

/// The state of the whole run so far. Its size does not depend on the number of requests.
#[derive(Debug)]
pub struct Totals {
    series: Vec<SeriesStats>,
    distributions: Distributions,
    all: Pair<Histogram>,
    phases: Phases,
    failures: Failures,
    groups: BTreeMap<u32, GroupTimes>,
    counters: Counters,
    pub(crate) window: Window,
    /// What one recorder brings, before it is added to everything it counts for.
    batch: Pair<Histogram>,
}

/// What came in since the last snapshot.
#[derive(Debug, Default)]
pub(crate) struct Window {
    pub(crate) failed: u64,
    pub(crate) response: Histogram,
}

impl Totals {
    /// Empty totals for series `0..series_count`.
    #[must_use]
    pub fn new(series_count: usize) -> Self {
        Self {
            series: vec![SeriesStats::default(); series_count],
            distributions: Distributions::new(series_count),
            all: Pair::default(),
            phases: Phases::default(),
            failures: Failures::default(),
            groups: BTreeMap::new(),
            counters: Counters::default(),
            window: Window::default(),
            batch: Pair::default(),
        }
    }

    /// Merges what a shard handed over and clears it, ready to be a spare again.
    pub fn absorb(&mut self, recorder: &mut Recorder) {
        debug_assert_eq!(recorder.series.len(), self.series.len());
        for (ours, theirs) in self.series.iter_mut().zip(&recorder.series) {
            ours.merge(theirs);
            self.batch.add_extents(&theirs.ok);
            self.batch.add_extents(&theirs.failed);
            self.window.failed += theirs.failures();
        }
        self.batch.add_log(&recorder.log);
        self.distributions.add_log(&recorder.log);
        if let Some(folded) = &recorder.folded {
            folded.add_all_to(&mut self.batch);
            self.distributions.merge(folded);
        }
        self.all.merge(&self.batch);
        self.window.response.merge(&self.batch.response);
        self.batch.clear();
        self.phases.merge(&recorder.phases);
        self.failures.merge(&recorder.failures);
        for (&series, times) in &recorder.groups {
            let ours = self.groups.entry(series).or_default();
            ours.all.merge(&times.all);
            ours.failures += times.failures;
        }
        self.counters.add(&recorder.counters);
        recorder.clear();
    }

    /// Requests finished, failed ones included.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.all.response.count()
    }

    /// Requests that failed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.series.iter().map(SeriesStats::failures).sum()
    }

    /// Response times of all requests, failed ones included.
    #[must_use]
    pub fn response(&self) -> &Histogram {
        &self.all.response
    }

    /// Service times of all requests, failed ones included.
    #[must_use]
    pub fn service(&self) -> &Histogram {
        &self.all.service
    }

    /// Times to connect.
    #[must_use]
    pub fn connect(&self) -> &Histogram {
        &self.phases.connect
    }

    /// Times of TLS handshakes.
    #[must_use]
    pub fn tls(&self) -> &Histogram {
        &self.phases.tls
    }

    /// Times from sending to the first byte of the reply.
    #[must_use]
    pub fn first_byte(&self) -> &Histogram {
        &self.phases.first_byte
    }

    /// How late sends and wake-ups were.
    #[must_use]
    pub fn lateness(&self) -> &Histogram {
        &self.phases.lateness
    }

    /// Counts that belong to no series.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Every failure group with its series and class, in order of both.
    pub fn failures(&self) -> impl Iterator<Item = (u32, &'static str, &FailureGroup)> {
        self.failures.iter()
    }

    /// Bytes that the distributions of all series take.
    #[must_use]
    pub fn distribution_bytes(&self) -> usize {
        self.distributions.bytes()
    }

    /// Times of groups, by series.
    pub(crate) fn groups(&self) -> &BTreeMap<u32, GroupTimes> {
        &self.groups
    }

    pub(crate) fn series(&self) -> &[SeriesStats] {
        &self.series
    }

    /// Adds the times of the successes of a series to `dense`.
    pub(crate) fn add_ok_to(&self, series: usize, dense: &mut Pair<Histogram>) {
        if let Some(stats) = self.series.get(series) {
            dense.add_extents(&stats.ok);
            self.distributions.add_ok_to(series, dense);
        }
    }

    /// Adds the times of the failed requests of a series to `dense`.
    pub(crate) fn add_failed_to(&self, series: usize, dense: &mut Pair<Histogram>) {
        if let Some(stats) = self.series.get(series) {
            dense.add_extents(&stats.failed);
            self.distributions.add_failed_to(series, dense);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorder::Sample;

    #[test]
    fn shards_merge_exactly_and_come_back_clear() {
        let mut totals = Totals::new(2);
        for shard in 0..2u64 {
            let mut recorder = Recorder::new(2);
            for step in 0..100 {
                recorder.record(&Sample {
                    series: (step % 2) as u32,
                    done_ns: 1000 + step + shard,
                    bytes_in: 3,
                    failed: step == 0,
                    ..Sample::default()
                });
            }
            recorder.counters.ticks = 7;
            totals.absorb(&mut recorder);
            totals.absorb(&mut recorder);
        }
        assert_eq!((totals.requests(), totals.failed(), totals.counters().ticks), (200, 2, 14));
        assert_eq!((totals.response().min(), totals.response().max()), (1000, 1100));
        assert_eq!(totals.series()[1].bytes_in, 300);
    }
}
