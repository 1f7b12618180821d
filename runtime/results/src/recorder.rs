//! What a shard files its samples in: private to its thread, constant in size, handed over whole.

use crate::arena::{Arena, SparseHistogram};
use crate::failures::Failures;
use crate::histogram::Histogram;

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
    /// Requests in flight when the run was cut; they have no sample.
    pub cut: u64,
    /// Ticks finished.
    pub ticks: u64,
    /// Sends and wake-ups more than [`LATE_NS`] after their due time.
    pub late_starts: u64,
}

/// Everything one shard measured since it last handed over.
#[derive(Debug)]
pub struct Recorder {
    pub(crate) arena: Arena,
    pub(crate) series: Vec<SeriesStats>,
    pub(crate) connect: SparseHistogram,
    pub(crate) tls: SparseHistogram,
    pub(crate) first_byte: SparseHistogram,
    pub(crate) lateness: SparseHistogram,
    pub(crate) failures: Failures,
    /// Counts that belong to no series.
    pub counters: Counters,
}

impl Recorder {
    /// A recorder for series `0..series_count`.
    #[must_use]
    pub fn new(series_count: usize) -> Self {
        Self {
            arena: Arena::for_histograms(2 * series_count + 4),
            series: vec![SeriesStats::default(); series_count],
            connect: SparseHistogram::default(),
            tls: SparseHistogram::default(),
            first_byte: SparseHistogram::default(),
            lateness: SparseHistogram::default(),
            failures: Failures::default(),
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
        let timings = if sample.failed { &mut series.failed } else { &mut series.ok };
        let response_ns = sample.done_ns.saturating_sub(sample.due_ns);
        let service_ns = sample.done_ns.saturating_sub(sample.sent_ns);
        timings.response.record(&mut self.arena, response_ns);
        timings.service.record(&mut self.arena, service_ns);
        series.bytes_out += sample.bytes_out;
        series.bytes_in += sample.bytes_in;
        series.unresolved += u64::from(sample.unresolved);
        if sample.first_byte_ns > 0 {
            self.first_byte.record(&mut self.arena, sample.first_byte_ns);
        }
        if sample.connect_ns > 0 {
            self.connect.record(&mut self.arena, sample.connect_ns);
        }
        if sample.tls_ns > 0 {
            self.tls.record(&mut self.arena, sample.tls_ns);
        }
    }

    /// Files why a request failed, beside its [`Sample`], which counts it.
    ///
    /// Failures are grouped by series, class and text; only a new group allocates. Of each series
    /// and class at most [`MAX_TEXTS`](crate::MAX_TEXTS) texts are told apart.
    pub fn fail(&mut self, series: u32, class: &'static str, text: &str, at_ns: u64) {
        self.failures.add(series, class, text, at_ns);
    }

    /// Files how long after its due time something was sent or woken, in nanoseconds.
    #[inline]
    pub fn late(&mut self, late_ns: u64) {
        self.lateness.record(&mut self.arena, late_ns);
        self.counters.late_starts += u64::from(late_ns > LATE_NS);
    }

    /// Goes on recording in `spare`, which must be clear, and hands over what was recorded so far.
    #[must_use]
    pub fn take(&mut self, spare: Self) -> Self {
        debug_assert_eq!(spare.series.len(), self.series.len());
        debug_assert!(spare.is_clear(), "the spare recorder still holds samples");
        std::mem::replace(self, spare)
    }

    /// Forgets everything, keeping the memory for the next use.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.series.fill(SeriesStats::default());
        self.connect = SparseHistogram::default();
        self.tls = SparseHistogram::default();
        self.first_byte = SparseHistogram::default();
        self.lateness = SparseHistogram::default();
        self.failures.clear();
        self.counters = Counters::default();
    }

    /// Memory of the histograms in bytes: reserved, and in use.
    ///
    /// What is reserved but was never used is address space only.
    #[must_use]
    pub fn memory(&self) -> (usize, usize) {
        self.arena.bytes()
    }

    fn is_clear(&self) -> bool {
        self.arena.bytes().1 == 0 && self.counters == Counters::default()
    }
}

/// What is kept per series. Failed requests are apart because the summary has figures without
/// them, and cost nothing until there is one.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SeriesStats {
    pub(crate) ok: Timings,
    pub(crate) failed: Timings,
    pub(crate) bytes_out: u64,
    pub(crate) bytes_in: u64,
    pub(crate) unresolved: u64,
}

/// Response and service times of the same requests.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Timings {
    pub(crate) response: SparseHistogram,
    pub(crate) service: SparseHistogram,
}

impl Timings {
    pub(crate) fn count(&self) -> u64 {
        self.response.count()
    }

    pub(crate) fn merge(&mut self, ours: &mut Arena, other: &Self, theirs: &Arena) {
        self.response.merge(ours, &other.response, theirs);
        self.service.merge(ours, &other.service, theirs);
    }

    pub(crate) fn add_to(&self, arena: &Arena, response: &mut Histogram, service: &mut Histogram) {
        self.response.add_to(arena, response);
        self.service.add_to(arena, service);
    }
}

impl Counters {
    pub(crate) fn add(&mut self, other: &Self) {
        let Self { connections_opened, connections_reopened, cut, ticks, late_starts } = other;
        self.connections_opened += connections_opened;
        self.connections_reopened += connections_reopened;
        self.cut += cut;
        self.ticks += ticks;
        self.late_starts += late_starts;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_fits_in_80_bytes() {
        assert!(size_of::<Sample>() <= 80, "{}", size_of::<Sample>());
    }

    #[test]
    fn a_series_costs_little_before_its_first_sample() {
        assert!(size_of::<SeriesStats>() <= 256, "{}", size_of::<SeriesStats>());
    }

    #[test]
    fn taking_leaves_an_empty_recorder_behind() {
        let mut recorder = Recorder::new(1);
        recorder.record(&Sample { done_ns: 10, ..Sample::default() });
        let mut full = recorder.take(Recorder::new(1));
        assert!(recorder.is_clear());
        assert_eq!(full.series[0].ok.count(), 1);
        full.clear();
        assert!(full.is_clear());
    }
}
