//! How the times of requests are kept: exact figures per series at once, buckets through a log.
//!
//! A shard that incremented the buckets of many series would wait for memory at each sample. So it
//! appends twelve bytes to a log and the collector does the incrementing, on its own thread. The
//! log is bounded: a recorder that nobody empties sorts it into buckets of its own.

use crate::arena::{Arena, Buckets};
use crate::buckets::bucket_of;
use crate::extent::Extent;
use crate::histogram::Histogram;

/// One request in the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    series: u32,
    response: u16,
    service: u16,
    failed: bool,
}

impl Entry {
    /// Both times must not exceed [`MAX_VALUE_NS`](crate::MAX_VALUE_NS).
    #[inline]
    pub(crate) fn new(series: u32, response_ns: u64, service_ns: u64, failed: bool) -> Self {
        // There are fewer buckets than a u16 has values.
        let (response, service) = (bucket_of(response_ns) as u16, bucket_of(service_ns) as u16);
        Self { series, response, service, failed }
    }

    pub(crate) fn series(&self) -> usize {
        self.series as usize
    }

    /// The bucket of the response time.
    pub(crate) fn response(&self) -> usize {
        self.response.into()
    }
}

/// Exact figures of a series.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SeriesStats {
    pub(crate) ok: Pair<Extent>,
    pub(crate) failed: Pair<Extent>,
    pub(crate) bytes_out: u64,
    pub(crate) bytes_in: u64,
    pub(crate) unresolved: u64,
    pub(crate) soft_failures: u64,
}

impl SeriesStats {
    pub(crate) fn merge(&mut self, other: &Self) {
        self.ok.merge(&other.ok);
        self.failed.merge(&other.failed);
        self.bytes_out += other.bytes_out;
        self.bytes_in += other.bytes_in;
        self.unresolved += other.unresolved;
        self.soft_failures += other.soft_failures;
    }

    pub(crate) fn failures(&self) -> u64 {
        self.failed.response.count
    }
}

/// The same thing for response time and for service time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pair<T> {
    pub(crate) response: T,
    pub(crate) service: T,
}

impl Pair<Extent> {
    fn merge(&mut self, other: &Self) {
        self.response.merge(&other.response);
        self.service.merge(&other.service);
    }
}

impl Pair<Histogram> {
    /// Counts what is in a log.
    pub(crate) fn add_log(&mut self, log: &[Entry]) {
        for entry in log {
            self.response.add_bucket(entry.response.into(), 1);
            self.service.add_bucket(entry.service.into(), 1);
        }
    }

    pub(crate) fn add_extents(&mut self, extents: &Pair<Extent>) {
        self.response.add_extent(&extents.response);
        self.service.add_extent(&extents.service);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.response.merge(&other.response);
        self.service.merge(&other.service);
    }

    pub(crate) fn clear(&mut self) {
        self.response.clear();
        self.service.clear();
    }
}

/// Times that belong to no series: the parts of an exchange, and how late it began.
#[derive(Debug, Default)]
pub(crate) struct Phases {
    pub(crate) connect: Histogram,
    pub(crate) tls: Histogram,
    pub(crate) first_byte: Histogram,
    pub(crate) lateness: Histogram,
}

impl Phases {
    pub(crate) fn merge(&mut self, other: &Self) {
        self.connect.merge(&other.connect);
        self.tls.merge(&other.tls);
        self.first_byte.merge(&other.first_byte);
        self.lateness.merge(&other.lateness);
    }

    pub(crate) fn clear(&mut self) {
        let Self { connect, tls, first_byte, lateness } = self;
        for histogram in [connect, tls, first_byte, lateness] {
            histogram.clear();
        }
    }
}

/// The buckets of every series. Failed requests are apart because the summary has figures without
/// them, and take nothing until there is one.
#[derive(Debug)]
pub(crate) struct Distributions {
    arena: Arena,
    series: Vec<Outcomes>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Outcomes {
    ok: Pair<Buckets>,
    failed: Pair<Buckets>,
}

impl Distributions {
    pub(crate) fn new(series_count: usize) -> Self {
        Self { arena: Arena::default(), series: vec![Outcomes::default(); series_count] }
    }

    /// Counts what is in a log.
    pub(crate) fn add_log(&mut self, log: &[Entry]) {
        for entry in log {
            let Some(series) = self.series.get_mut(entry.series as usize) else { continue };
            let pair = if entry.failed { &mut series.failed } else { &mut series.ok };
            self.arena.add(&mut pair.response, entry.response.into(), 1);
            self.arena.add(&mut pair.service, entry.service.into(), 1);
        }
    }

    /// Adds all of `other` to this.
    pub(crate) fn merge(&mut self, other: &Self) {
        let Self { arena, series } = self;
        let mut merge = |ours: &mut Buckets, theirs: Buckets| {
            other.arena.for_each(theirs, |bucket, count| arena.add(ours, bucket, count));
        };
        for (ours, theirs) in series.iter_mut().zip(&other.series) {
            merge(&mut ours.ok.response, theirs.ok.response);
            merge(&mut ours.ok.service, theirs.ok.service);
            merge(&mut ours.failed.response, theirs.failed.response);
            merge(&mut ours.failed.service, theirs.failed.service);
        }
    }

    /// Adds the buckets of the successes of a series to `dense`.
    pub(crate) fn add_ok_to(&self, series: usize, dense: &mut Pair<Histogram>) {
        self.series.get(series).into_iter().for_each(|series| self.add_to(series.ok, dense));
    }

    /// Adds the buckets of the failed requests of a series to `dense`.
    pub(crate) fn add_failed_to(&self, series: usize, dense: &mut Pair<Histogram>) {
        self.series.get(series).into_iter().for_each(|series| self.add_to(series.failed, dense));
    }

    /// Adds the buckets of all requests to `dense`.
    pub(crate) fn add_all_to(&self, dense: &mut Pair<Histogram>) {
        for series in &self.series {
            self.add_to(series.ok, dense);
            self.add_to(series.failed, dense);
        }
    }

    /// Bytes in use.
    pub(crate) fn bytes(&self) -> usize {
        self.arena.bytes() + size_of_val(self.series.as_slice())
    }

    fn add_to(&self, pair: Pair<Buckets>, dense: &mut Pair<Histogram>) {
        let Pair { response, service } = dense;
        self.arena.for_each(pair.response, |bucket, count| response.add_bucket(bucket, count));
        self.arena.for_each(pair.service, |bucket, count| service.add_bucket(bucket, count));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_entry_takes_12_bytes() {
        assert_eq!(size_of::<Entry>(), 12);
    }

    #[test]
    fn a_series_takes_at_most_224_bytes_in_a_recorder() {
        assert!(size_of::<SeriesStats>() <= 224, "{}", size_of::<SeriesStats>());
    }
}
