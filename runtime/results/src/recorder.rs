//! What a shard files its samples in: private to its thread, constant in size, handed over whole.

use std::collections::BTreeMap;

use crate::buckets::MAX_VALUE_NS;
use crate::failures::Failures;
use crate::histogram::Histogram;
use crate::times::{Distributions, Entry, Phases, SeriesStats};

/// Requests a recorder notes before it must sort them into buckets itself: more than a shard makes
/// in a second.
const LOG_ENTRIES: usize = 1 << 19;

/// A send or wake-up later than this, in nanoseconds, counts as a late start.
pub const LATE_NS: u64 = 1_000_000;

/// One finished request.
///
/// The three stamps are nanoseconds since the run started, from a monotonic clock; the other times
/// are durations in nanoseconds. Response time is `done - due`, service time is `done - sent`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sample {
    /// Series number: which name this request is counted under.
    pub series: u32,
    /// How many placeholders were sent unresolved.
    pub unresolved: u32,
    /// How many checks did not hold that only count.
    pub soft_failures: u32,
    /// When it should have been sent.
    pub due_ns: u64,
    /// When its first byte was given to the kernel; of a request never sent, when that was known.
    pub sent_ns: u64,
    /// When its reply was complete or it had failed.
    pub done_ns: u64,
    /// How long connecting took (name resolution included); 0 when a connection was there already.
    pub connect_ns: u64,
    /// How long the TLS handshake took; 0 when there was none.
    pub tls_ns: u64,
    /// From `sent` until the first byte of the reply; 0 when none came.
    pub first_byte_ns: u64,
    /// Bytes sent, heads included.
    pub bytes_out: u64,
    /// Bytes received, heads included, as they were on the wire.
    pub bytes_in: u64,
    /// Whether it counts as a failure. [`Recorder::fail`] says why.
    pub failed: bool,
}

/// Plain counts of a shard; add to them directly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Connections opened, reopened ones included.
    pub connections_opened: u64,
    /// Connections opened in place of one the peer had closed.
    pub connections_reopened: u64,
    /// Requests sent and not yet answered when the run ended; they have no sample.
    pub cut: u64,
    /// Ticks finished.
    pub ticks: u64,
    /// Sends and wake-ups more than [`LATE_NS`] after their due time.
    pub late_starts: u64,
    /// Ticks that took longer than their pace, so that the next one started late.
    pub overruns: u64,
    /// Requests that waited for their turn of a throttle, before they were due.
    pub throttled: u64,
    /// How long they waited in all, in nanoseconds.
    pub throttled_ns: u64,
    /// Requests of the warm-up; they have no sample.
    pub warmup_requests: u64,
    /// Those of them that failed.
    pub warmup_failures: u64,
    /// Ticks that were ended because they looped and did nothing.
    pub stuck_ticks: u64,
    /// Requests that were sent again after a failure.
    pub retried: u64,
    /// Those of them that then succeeded.
    pub recovered: u64,
    /// Messages that came unasked and were dropped unread, because too many waited.
    pub dropped_messages: u64,
}

/// Everything one shard measured since it last handed over.
#[derive(Debug)]
pub struct Recorder {
    pub(crate) series: Vec<SeriesStats>,
    pub(crate) log: Vec<Entry>,
    /// What did not fit into the log, because nobody took it for long.
    pub(crate) folded: Option<Box<Distributions>>,
    pub(crate) phases: Phases,
    pub(crate) failures: Failures,
    /// Times of groups, by series.
    pub(crate) groups: BTreeMap<u32, GroupTimes>,
    /// Counts that belong to no series.
    pub counters: Counters,
}

/// The times of the groups of a series.
#[derive(Clone, Debug, Default)]
pub(crate) struct GroupTimes {
    pub(crate) all: Histogram,
    pub(crate) failures: u64,
}

impl Recorder {
    /// A recorder for series `0..series_count`.
    #[must_use]
    pub fn new(series_count: usize) -> Self {
        Self {
            series: vec![SeriesStats::default(); series_count],
            // Reserved whole, so that recording never allocates; a page takes memory once used.
            log: Vec::with_capacity(LOG_ENTRIES),
            folded: None,
            phases: Phases::default(),
            failures: Failures::default(),
            groups: BTreeMap::new(),
            counters: Counters::default(),
        }
    }

    /// Files a sample. Its series must exist, which a verified program sees to.
    #[inline]
    pub fn record(&mut self, sample: &Sample) {
        let Some(series) = self.series.get_mut(sample.series as usize) else {
            debug_assert!(false, "series {} of {}", sample.series, self.series.len());
            return;
        };
        let response_ns = sample.done_ns.saturating_sub(sample.due_ns).min(MAX_VALUE_NS);
        let service_ns = sample.done_ns.saturating_sub(sample.sent_ns).min(MAX_VALUE_NS);
        let extents = if sample.failed { &mut series.failed } else { &mut series.ok };
        extents.response.add(response_ns);
        extents.service.add(service_ns);
        series.bytes_out += sample.bytes_out;
        series.bytes_in += sample.bytes_in;
        series.unresolved += u64::from(sample.unresolved);
        series.soft_failures += u64::from(sample.soft_failures);
        if self.log.len() == LOG_ENTRIES {
            self.fold();
        }
        self.log.push(Entry::new(sample.series, response_ns, service_ns, sample.failed));
        if sample.first_byte_ns > 0 {
            self.phases.first_byte.record(sample.first_byte_ns);
        }
        if sample.connect_ns > 0 {
            self.phases.connect.record(sample.connect_ns);
        }
        if sample.tls_ns > 0 {
            self.phases.tls.record(sample.tls_ns);
        }
    }

    /// Files why a request failed, beside its [`Sample`], which counts it.
    ///
    /// Failures are grouped by series, class and text; only a new group allocates. Of each series
    /// and class at most [`MAX_TEXTS`](crate::MAX_TEXTS) texts are told apart.
    pub fn fail(&mut self, series: u32, class: &'static str, text: &str, at_ns: u64) {
        self.failures.add(series, class, text, at_ns);
    }

    /// Files the time of a whole group, which is no request.
    pub fn record_group(&mut self, series: u32, time_ns: u64, failed: bool) {
        let times = self.groups.entry(series).or_default();
        times.all.record(time_ns);
        times.failures += u64::from(failed);
    }

    /// Files how long after its due time something was sent or woken, in nanoseconds.
    #[inline]
    pub fn late(&mut self, late_ns: u64) {
        self.phases.lateness.record(late_ns);
        self.counters.late_starts += u64::from(late_ns > LATE_NS);
    }

    /// Goes on recording in `spare`, which must be clear, and hands over what was recorded so far.
    ///
    /// Meant to happen once a second: a recorder that is never taken from stays bounded, but has
    /// to sort its log from time to time, which takes milliseconds.
    #[must_use]
    pub fn take(&mut self, spare: Self) -> Self {
        debug_assert_eq!(spare.series.len(), self.series.len());
        debug_assert!(spare.is_clear(), "the spare recorder still holds samples");
        std::mem::replace(self, spare)
    }

    /// Forgets everything, keeping the memory for the next use.
    pub fn clear(&mut self) {
        self.series.fill(SeriesStats::default());
        self.log.clear();
        self.folded = None;
        self.phases.clear();
        self.failures.clear();
        for times in self.groups.values_mut() {
            times.all.clear();
            times.failures = 0;
        }
        self.counters = Counters::default();
    }

    fn is_clear(&self) -> bool {
        self.log.is_empty() && self.folded.is_none() && self.counters == Counters::default()
    }

    #[cold]
    fn fold(&mut self) {
        let series_count = self.series.len();
        let folded = self.folded.get_or_insert_with(|| Box::new(Distributions::new(series_count)));
        folded.add_log(&self.log);
        self.log.clear();
    }
}

impl Counters {
    pub(crate) fn add(&mut self, other: &Self) {
        let Self {
            connections_opened,
            connections_reopened,
            cut,
            ticks,
            late_starts,
            overruns,
            throttled,
            throttled_ns,
            warmup_requests,
            warmup_failures,
            stuck_ticks,
            retried,
            recovered,
            dropped_messages,
        } = other;
        self.connections_opened += connections_opened;
        self.connections_reopened += connections_reopened;
        self.cut += cut;
        self.ticks += ticks;
        self.late_starts += late_starts;
        self.overruns += overruns;
        self.throttled += throttled;
        self.throttled_ns = self.throttled_ns.saturating_add(*throttled_ns);
        self.warmup_requests += warmup_requests;
        self.warmup_failures += warmup_failures;
        self.stuck_ticks += stuck_ticks;
        self.retried += retried;
        self.recovered += recovered;
        self.dropped_messages += dropped_messages;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::totals::Totals;

    #[test]
    fn a_sample_fits_in_80_bytes() {
        assert!(size_of::<Sample>() <= 80, "{}", size_of::<Sample>());
    }

    #[test]
    fn taking_leaves_an_empty_recorder_behind() {
        let mut recorder = Recorder::new(1);
        recorder.record(&Sample { done_ns: 10, ..Sample::default() });
        let mut full = recorder.take(Recorder::new(1));
        assert!(recorder.is_clear());
        assert_eq!(full.series[0].ok.response.count, 1);
        full.clear();
        assert!(full.is_clear());
        assert_eq!(full.series[0].ok.response.count, 0);
    }

    #[test]
    fn a_recorder_that_nobody_takes_from_stays_bounded_and_loses_nothing() {
        let mut recorder = Recorder::new(2);
        let capacity = recorder.log.capacity();
        let requests = 2 * LOG_ENTRIES as u64 + 5;
        for step in 0..requests {
            recorder.record(&Sample {
                series: (step % 2) as u32,
                due_ns: 10,
                sent_ns: 20,
                done_ns: 100 + step % 300,
                failed: step % 4 == 0,
                ..Sample::default()
            });
        }
        assert_eq!(recorder.log.capacity(), capacity);
        let mut totals = Totals::new(2);
        totals.absorb(&mut recorder);
        assert!(recorder.is_clear());
        assert_eq!((totals.requests(), totals.failed()), (requests, requests.div_ceil(4)));
        let [low, middle, high] = totals.response().percentiles([25.0, 50.0, 75.0]);
        assert_eq!((low, middle, high), (164.0, 239.0, 314.0));
    }
}
