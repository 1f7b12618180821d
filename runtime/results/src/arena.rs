//! Many sparse histograms in two growing arrays.
//!
//! A latency distribution fills a few octaves of the forty-four a histogram covers. So a
//! histogram is a directory of chunks of 64 buckets, and only chunks that were hit exist. All
//! histograms of a recorder share one [`Arena`]; clearing it sets two lengths to zero and keeps
//! the memory, so a recorder in use allocates nothing once it has seen its busiest second.
//! `docs/design/0001-recorder.md` has the figures.

use crate::buckets::{BUCKETS, MAX_VALUE_NS, bucket_of};
use crate::histogram::Histogram;

const CHUNK: usize = 64;
const CHUNKS: usize = BUCKETS / CHUNK;
const NONE: u32 = u32::MAX;

type Directory = [u32; CHUNKS];

/// Counts of 64 neighbouring buckets, modulo 2^32; what overflows is kept as a [`Carry`].
///
/// Half-width cells halve the memory of everything here, and a cell overflows only after hours at
/// full load.
type Chunk = [u32; CHUNK];

/// `times` × 2^32 more in one cell.
#[derive(Debug)]
struct Carry {
    chunk: u32,
    cell: u8,
    times: u64,
}

/// The memory of a recorder's histograms.
#[derive(Debug)]
pub(crate) struct Arena {
    directories: Vec<Directory>,
    chunks: Vec<Chunk>,
    carries: Vec<Carry>,
}

impl Arena {
    /// An arena that holds `histograms` histograms of ordinary spread without growing.
    ///
    /// The memory is only reserved: the operating system supplies a page when it is first used.
    pub(crate) fn for_histograms(histograms: usize) -> Self {
        Self {
            directories: Vec::with_capacity(histograms),
            chunks: Vec::with_capacity(histograms.saturating_mul(CHUNK / 4)),
            carries: Vec::new(),
        }
    }

    /// Forgets every histogram, keeping the memory. Their handles must be reset as well.
    pub(crate) fn clear(&mut self) {
        self.directories.clear();
        self.chunks.clear();
        self.carries.clear();
    }

    /// Bytes reserved and bytes in use.
    pub(crate) fn bytes(&self) -> (usize, usize) {
        let bytes = |directories: usize, chunks: usize| {
            directories * size_of::<Directory>() + chunks * size_of::<Chunk>()
        };
        (
            bytes(self.directories.capacity(), self.chunks.capacity()),
            bytes(self.directories.len(), self.chunks.len()),
        )
    }

    #[inline]
    fn add(&mut self, directory: &mut u32, bucket: usize, count: u64) {
        if *directory == NONE {
            *directory = self.directories.len() as u32;
            self.directories.push([NONE; CHUNKS]);
        }
        let Some(chunk) = self
            .directories
            .get_mut(*directory as usize)
            .and_then(|entries| entries.get_mut(bucket / CHUNK))
        else {
            return;
        };
        if *chunk == NONE {
            *chunk = self.chunks.len() as u32;
            self.chunks.push([0; CHUNK]);
        }
        let chunk = *chunk;
        let Some(cell) =
            self.chunks.get_mut(chunk as usize).and_then(|cells| cells.get_mut(bucket % CHUNK))
        else {
            return;
        };
        let sum = u64::from(*cell) + count;
        *cell = sum as u32;
        if sum > u64::from(u32::MAX) {
            self.carry(chunk, (bucket % CHUNK) as u8, sum >> 32);
        }
    }

    #[cold]
    fn carry(&mut self, chunk: u32, cell: u8, times: u64) {
        match self.carries.iter_mut().find(|carry| carry.chunk == chunk && carry.cell == cell) {
            Some(carry) => carry.times += times,
            None => self.carries.push(Carry { chunk, cell, times }),
        }
    }

    /// Calls `visit` with each bucket of a histogram that was hit, and its count.
    fn for_each(&self, directory: u32, mut visit: impl FnMut(usize, u64)) {
        let Some(entries) = self.directories.get(directory as usize) else { return };
        for (position, &chunk) in entries.iter().enumerate().filter(|&(_, &chunk)| chunk != NONE) {
            let base = position * CHUNK;
            for (cell, &count) in self.chunks.get(chunk as usize).into_iter().flatten().enumerate()
            {
                if count != 0 {
                    visit(base + cell, u64::from(count));
                }
            }
            for carry in self.carries.iter().filter(|carry| carry.chunk == chunk) {
                visit(base + usize::from(carry.cell), carry.times << 32);
            }
        }
    }
}

/// A histogram whose buckets live in an [`Arena`]; nanoseconds.
///
/// It belongs to one arena: every call must be given the same one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SparseHistogram {
    count: u64,
    sum: u128,
    min: u64,
    max: u64,
    directory: u32,
}

impl Default for SparseHistogram {
    fn default() -> Self {
        Self { count: 0, sum: 0, min: u64::MAX, max: 0, directory: NONE }
    }
}

impl SparseHistogram {
    /// Counts `value_ns`.
    #[inline]
    pub(crate) fn record(&mut self, arena: &mut Arena, value_ns: u64) {
        let value = value_ns.min(MAX_VALUE_NS);
        self.count += 1;
        self.sum += u128::from(value);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        arena.add(&mut self.directory, bucket_of(value), 1);
    }

    /// Adds all of `other`, which lives in `theirs`, to this one, which lives in `ours`.
    pub(crate) fn merge(&mut self, ours: &mut Arena, other: &Self, theirs: &Arena) {
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        theirs.for_each(other.directory, |bucket, count| {
            ours.add(&mut self.directory, bucket, count);
        });
    }

    /// Adds all of this one to `dense`.
    pub(crate) fn add_to(&self, arena: &Arena, dense: &mut Histogram) {
        dense.add_range(self.count, self.sum, self.min, self.max);
        arena.for_each(self.directory, |bucket, count| dense.add_bucket(bucket, count));
    }

    /// Number of values.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dense(arena: &Arena, sparse: &SparseHistogram) -> Histogram {
        let mut dense = Histogram::new();
        sparse.add_to(arena, &mut dense);
        dense
    }

    #[test]
    fn histograms_in_one_arena_do_not_touch_each_other() {
        let mut arena = Arena::for_histograms(2);
        let (mut slow, mut fast) = (SparseHistogram::default(), SparseHistogram::default());
        for step in 0..1000 {
            slow.record(&mut arena, 1_000_000 + step * 1000);
            fast.record(&mut arena, 1000 + step);
        }
        assert_eq!(dense(&arena, &slow).count(), 1000);
        assert_eq!(dense(&arena, &slow).min(), 1_000_000);
        assert_eq!(dense(&arena, &fast).max(), 1999);
    }

    #[test]
    fn counts_beyond_32_bits_survive_recording_merging_and_reading() {
        let mut arena = Arena::for_histograms(1);
        let mut one = SparseHistogram::default();
        one.record(&mut arena, 5);
        let mut big = Arena::for_histograms(1);
        let mut sum = SparseHistogram::default();
        sum.merge(&mut big, &one, &arena);
        // Doubling 33 times crosses the width of a cell.
        for _ in 0..33 {
            let mut doubled_arena = Arena::for_histograms(1);
            let mut doubled = SparseHistogram::default();
            doubled.merge(&mut doubled_arena, &sum, &big);
            doubled.merge(&mut doubled_arena, &sum, &big);
            (big, sum) = (doubled_arena, doubled);
        }
        let mut cells = 0;
        big.for_each(sum.directory, |_, count| cells += count);
        assert_eq!(cells, 1 << 33);
        assert_eq!(dense(&big, &sum).count(), 1 << 33);
        assert_eq!(dense(&big, &sum).percentile(50.0), 5.0);
    }

    #[test]
    fn clearing_keeps_the_memory() {
        let mut arena = Arena::for_histograms(0);
        let mut histogram = SparseHistogram::default();
        for value in 0..100_000 {
            histogram.record(&mut arena, value);
        }
        let (reserved, _) = arena.bytes();
        arena.clear();
        assert_eq!(arena.bytes(), (reserved, 0));
    }
}
