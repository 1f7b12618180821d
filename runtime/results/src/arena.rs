//! The buckets of many histograms in two growing arrays.
//!
//! A latency distribution fills a few octaves of the forty-four that are told apart. So its buckets
//! are found through a directory of chunks of 64, and only chunks that were hit exist.
//! `docs/design/0001-recorder.md` has the figures.

use crate::buckets::BUCKETS;

const CHUNK: usize = 64;
const CHUNKS: usize = BUCKETS / CHUNK;
const NONE: u32 = u32::MAX;

type Directory = [u32; CHUNKS];

/// Counts of 64 neighbouring buckets, modulo 2^32; what overflows is kept as a [`Carry`].
///
/// Half-width cells halve the memory of a run, and one overflows only after hours at full load.
type Chunk = [u32; CHUNK];

/// `times` × 2^32 more in one cell.
#[derive(Debug)]
struct Carry {
    chunk: u32,
    cell: u8,
    times: u64,
}

/// Names the buckets of one histogram in an [`Arena`]; they exist once something was added.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Buckets {
    directory: u32,
}

impl Default for Buckets {
    fn default() -> Self {
        Self { directory: NONE }
    }
}

/// The memory of many histograms' buckets.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    directories: Vec<Directory>,
    chunks: Vec<Chunk>,
    carries: Vec<Carry>,
}

impl Arena {
    /// Counts `count` values in a bucket, which must be below [`BUCKETS`].
    #[inline]
    pub(crate) fn add(&mut self, buckets: &mut Buckets, bucket: usize, count: u64) {
        let directory = &mut buckets.directory;
        if *directory == NONE {
            *directory = self.directories.len() as u32;
            self.directories.push([NONE; CHUNKS]);
        }
        let entries = self.directories.get_mut(*directory as usize);
        let Some(chunk) = entries.and_then(|entries| entries.get_mut(bucket / CHUNK)) else {
            return;
        };
        if *chunk == NONE {
            *chunk = self.chunks.len() as u32;
            self.chunks.push([0; CHUNK]);
        }
        let chunk = *chunk;
        let cells = self.chunks.get_mut(chunk as usize);
        let Some(cell) = cells.and_then(|cells| cells.get_mut(bucket % CHUNK)) else { return };
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

    /// Calls `visit` with each bucket that holds something and its count. A bucket may come twice.
    pub(crate) fn for_each(&self, buckets: Buckets, mut visit: impl FnMut(usize, u64)) {
        let Some(entries) = self.directories.get(buckets.directory as usize) else { return };
        for (position, &chunk) in entries.iter().enumerate().filter(|&(_, &chunk)| chunk != NONE) {
            let base = position * CHUNK;
            let cells = self.chunks.get(chunk as usize).into_iter().flatten();
            for (cell, &count) in cells.enumerate().filter(|&(_, &count)| count != 0) {
                visit(base + cell, u64::from(count));
            }
            for carry in self.carries.iter().filter(|carry| carry.chunk == chunk) {
                visit(base + usize::from(carry.cell), carry.times << 32);
            }
        }
    }

    /// Bytes in use.
    pub(crate) fn bytes(&self) -> usize {
        self.directories.len() * size_of::<Directory>() + self.chunks.len() * size_of::<Chunk>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(arena: &Arena, buckets: Buckets) -> Vec<(usize, u64)> {
        let mut counts = Vec::new();
        arena.for_each(buckets, |bucket, count| counts.push((bucket, count)));
        counts
    }

    #[test]
    fn histograms_in_one_arena_do_not_touch_each_other() {
        let mut arena = Arena::default();
        let (mut one, mut other) = (Buckets::default(), Buckets::default());
        for step in 0..3 {
            arena.add(&mut one, 10, 1);
            arena.add(&mut other, 10 + CHUNK * step, 1);
        }
        assert_eq!(counts(&arena, one), [(10, 3)]);
        assert_eq!(counts(&arena, other), [(10, 1), (74, 1), (138, 1)]);
        assert_eq!(counts(&arena, Buckets::default()), []);
    }

    #[test]
    fn counts_beyond_32_bits_are_kept() {
        let mut arena = Arena::default();
        let mut buckets = Buckets::default();
        let last = BUCKETS - 1;
        for count in [u64::from(u32::MAX), 1, 5 << 32, 7] {
            arena.add(&mut buckets, last, count);
        }
        assert_eq!(counts(&arena, buckets), [(last, 7), (last, 6 << 32)]);
    }
}
