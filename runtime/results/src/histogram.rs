//! A dense histogram that answers questions: the end point of merging.

use crate::buckets::{BUCKETS, MAX_VALUE_NS, bucket_of, midpoint};
use crate::extent::Extent;

/// Distribution of times in nanoseconds, with a relative error below 0.1 %.
///
/// Values above [`MAX_VALUE_NS`](crate::MAX_VALUE_NS) count as that value. It takes 144 KiB
/// whatever it holds; what exists per series is sparse and private to [`Totals`](crate::Totals).
#[derive(Debug, Clone)]
pub struct Histogram {
    counts: Vec<u64>,
    extent: Extent,
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl Histogram {
    /// An empty histogram.
    #[must_use]
    pub fn new() -> Self {
        Self { counts: vec![0; BUCKETS], extent: Extent::default() }
    }

    /// Counts `value_ns`.
    #[inline]
    pub fn record(&mut self, value_ns: u64) {
        let value = value_ns.min(MAX_VALUE_NS);
        self.extent.add(value);
        self.add_bucket(bucket_of(value), 1);
    }

    /// Adds everything `other` counted; nothing is lost.
    pub fn merge(&mut self, other: &Self) {
        self.extent.merge(&other.extent);
        let used = other.used();
        let ours = self.counts.get_mut(used.clone()).unwrap_or_default();
        for (ours, theirs) in ours.iter_mut().zip(other.counts.get(used).unwrap_or_default()) {
            *ours += theirs;
        }
    }

    /// Forgets everything, keeping the memory.
    pub fn clear(&mut self) {
        let used = self.used();
        self.counts.get_mut(used).unwrap_or_default().fill(0);
        self.extent = Extent::default();
    }

    /// Number of values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.extent.count
    }

    /// Smallest value, exact; 0 when empty.
    #[must_use]
    pub fn min(&self) -> u64 {
        if self.extent.count == 0 { 0 } else { self.extent.min }
    }

    /// Largest value, exact; 0 when empty.
    #[must_use]
    pub fn max(&self) -> u64 {
        self.extent.max
    }

    /// Arithmetic mean, exact; 0 when empty.
    #[must_use]
    pub fn mean(&self) -> f64 {
        let Extent { count, sum, .. } = self.extent;
        if count == 0 { 0.0 } else { sum as f64 / count as f64 }
    }

    /// The value at percentile `p` (0–100) in nanoseconds; 0 when empty.
    ///
    /// The rank is `p / 100 * (count - 1)`, with linear interpolation between the values at the
    /// neighbouring whole ranks, so p0 is the minimum and p100 the maximum.
    #[must_use]
    pub fn percentile(&self, p: f64) -> f64 {
        let [value] = self.percentiles([p]);
        value
    }

    /// Like [`percentile`](Self::percentile) for several, in one pass; `ps` must ascend.
    #[must_use]
    pub fn percentiles<const N: usize>(&self, ps: [f64; N]) -> [f64; N] {
        debug_assert!(ps.is_sorted(), "percentiles must ascend");
        let Some(last) = self.extent.count.checked_sub(1) else { return [0.0; N] };
        let mut cursor = Cursor { bucket: bucket_of(self.extent.min), before: 0 };
        ps.map(|p| {
            let rank = p.clamp(0.0, 100.0) / 100.0 * last as f64;
            let low = self.value_at(&mut cursor, rank as u64);
            match rank.fract() {
                0.0 => low,
                // A copy of the cursor looks ahead, since the next percentile may not get as far.
                fraction => {
                    let high = self.value_at(&mut cursor.clone(), rank as u64 + 1);
                    low + (high - low) * fraction
                }
            }
        })
    }

    /// The value of the given rank, counted from 0; the cursor only moves forward.
    fn value_at(&self, cursor: &mut Cursor, rank: u64) -> f64 {
        let Extent { count, min, max, .. } = self.extent;
        if rank == 0 {
            return min as f64;
        }
        if rank + 1 >= count {
            return max as f64;
        }
        while let Some(&count) = self.counts.get(cursor.bucket)
            && cursor.before + count <= rank
        {
            cursor.before += count;
            cursor.bucket += 1;
        }
        midpoint(cursor.bucket).clamp(min as f64, max as f64)
    }

    /// Everything in it, without the empty buckets.
    pub(crate) fn sparse(&self) -> (Extent, Vec<(u32, u64)>) {
        let used = self.used();
        let counts = self.counts.get(used.clone()).unwrap_or_default();
        let filled = used.zip(counts).filter(|(_, count)| **count > 0);
        (self.extent, filled.map(|(bucket, &count)| (bucket as u32, count)).collect())
    }

    /// The buckets that can hold something: few of all.
    fn used(&self) -> std::ops::Range<usize> {
        if self.extent.count == 0 {
            0..0
        } else {
            bucket_of(self.extent.min)..bucket_of(self.extent.max) + 1
        }
    }

    /// Adds to the exact figures; [`add_bucket`](Self::add_bucket) must bring the same values.
    pub(crate) fn add_extent(&mut self, extent: &Extent) {
        self.extent.merge(extent);
    }

    #[inline]
    pub(crate) fn add_bucket(&mut self, bucket: usize, count: u64) {
        if let Some(cell) = self.counts.get_mut(bucket) {
            *cell += count;
        }
    }
}

/// A bucket and the number of values in the buckets before it.
#[derive(Clone)]
struct Cursor {
    bucket: usize,
    before: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::new();
        values.iter().for_each(|&value| histogram.record(value));
        histogram
    }

    #[test]
    fn an_empty_histogram_answers_zero() {
        let empty = Histogram::new();
        assert_eq!(
            (empty.min(), empty.max(), empty.mean(), empty.percentile(99.0)),
            (0, 0, 0.0, 0.0)
        );
    }

    #[test]
    fn one_value_is_every_percentile() {
        let one = of(&[123_456_789]);
        assert_eq!(one.percentiles([0.0, 50.0, 100.0]), [123_456_789.0; 3]);
        assert_eq!(one.mean(), 123_456_789.0);
    }

    #[test]
    fn percentiles_interpolate_between_neighbouring_ranks() {
        let four = of(&[10, 20, 30, 40]);
        assert_eq!(
            four.percentiles([0.0, 25.0, 50.0, 90.0, 100.0]),
            [10.0, 17.5, 25.0, 37.0, 40.0]
        );
        // Both fall between the same two ranks.
        assert_eq!(four.percentiles([50.0, 51.0]), [25.0, 25.3]);
    }

    #[test]
    fn values_out_of_range_count_as_the_largest() {
        let huge = of(&[u64::MAX, 1]);
        assert_eq!((huge.max(), huge.count()), (MAX_VALUE_NS, 2));
    }

    #[test]
    fn a_cleared_histogram_is_as_new() {
        let mut histogram = of(&[1, 1_000, 1_000_000]);
        histogram.clear();
        histogram.record(7);
        assert_eq!(histogram.percentiles([0.0, 50.0, 100.0]), [7.0; 3]);
        assert_eq!(histogram.counts.iter().sum::<u64>(), 1);
    }
}
