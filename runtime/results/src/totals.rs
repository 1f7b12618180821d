//! Everything all shards handed over, merged.

use crate::arena::Arena;
use crate::failures::{FailureGroup, Failures};
use crate::histogram::Histogram;
use crate::recorder::{Counters, Recorder, SeriesStats, Timings};

/// The state of the whole run so far. Its size does not depend on the number of requests.
#[derive(Debug)]
pub struct Totals {
    arena: Arena,
    series: Vec<SeriesStats>,
    failures: Failures,
    counters: Counters,
    response: Histogram,
    service: Histogram,
    connect: Histogram,
    tls: Histogram,
    first_byte: Histogram,
    lateness: Histogram,
    pub(crate) window: Window,
}

/// What came in since the last snapshot.
#[derive(Debug, Default)]
pub(crate) struct Window {
    pub(crate) requests: u64,
    pub(crate) failed: u64,
    pub(crate) response: Histogram,
}

impl Totals {
    /// Empty totals for series `0..series_count`.
    #[must_use]
    pub fn new(series_count: usize) -> Self {
        Self {
            arena: Arena::for_histograms(2 * series_count),
            series: vec![SeriesStats::default(); series_count],
            failures: Failures::default(),
            counters: Counters::default(),
            response: Histogram::new(),
            service: Histogram::new(),
            connect: Histogram::new(),
            tls: Histogram::new(),
            first_byte: Histogram::new(),
            lateness: Histogram::new(),
            window: Window::default(),
        }
    }

    /// Merges what a shard handed over and clears it, ready to be a spare again.
    pub fn absorb(&mut self, recorder: &mut Recorder) {
        debug_assert_eq!(recorder.series.len(), self.series.len());
        let theirs = &recorder.arena;
        for (ours, other) in self.series.iter_mut().zip(&recorder.series) {
            ours.ok.merge(&mut self.arena, &other.ok, theirs);
            ours.failed.merge(&mut self.arena, &other.failed, theirs);
            ours.bytes_out += other.bytes_out;
            ours.bytes_in += other.bytes_in;
            ours.unresolved += other.unresolved;
            for timings in [&other.ok, &other.failed] {
                timings.add_to(theirs, &mut self.response, &mut self.service);
                timings.response.add_to(theirs, &mut self.window.response);
            }
            self.window.requests += other.ok.count() + other.failed.count();
            self.window.failed += other.failed.count();
        }
        recorder.connect.add_to(theirs, &mut self.connect);
        recorder.tls.add_to(theirs, &mut self.tls);
        recorder.first_byte.add_to(theirs, &mut self.first_byte);
        recorder.lateness.add_to(theirs, &mut self.lateness);
        self.failures.merge(&recorder.failures);
        self.counters.add(&recorder.counters);
        recorder.clear();
    }

    /// Requests finished, failed ones included.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.response.count()
    }

    /// Requests that failed.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.series.iter().map(|series| series.failed.count()).sum()
    }

    /// Response times of all requests, failed ones included.
    #[must_use]
    pub fn response(&self) -> &Histogram {
        &self.response
    }

    /// Service times of all requests, failed ones included.
    #[must_use]
    pub fn service(&self) -> &Histogram {
        &self.service
    }

    /// Times to connect.
    #[must_use]
    pub fn connect(&self) -> &Histogram {
        &self.connect
    }

    /// Times of TLS handshakes.
    #[must_use]
    pub fn tls(&self) -> &Histogram {
        &self.tls
    }

    /// Times from sending to the first byte of the reply.
    #[must_use]
    pub fn first_byte(&self) -> &Histogram {
        &self.first_byte
    }

    /// How late sends and wake-ups were.
    #[must_use]
    pub fn lateness(&self) -> &Histogram {
        &self.lateness
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

    /// Memory of the histograms per series in bytes: reserved, and in use.
    #[must_use]
    pub fn memory(&self) -> (usize, usize) {
        self.arena.bytes()
    }

    pub(crate) fn series(&self) -> &[SeriesStats] {
        &self.series
    }

    /// Adds the times of one of these series to `response` and `service`.
    pub(crate) fn add_to(
        &self,
        timings: &Timings,
        response: &mut Histogram,
        service: &mut Histogram,
    ) {
        timings.add_to(&self.arena, response, service);
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
