//! Which rows of a source a shard takes, and in what order.

use std::{
    mem,
    ops::Range,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// The most rows a shard claims at a time.
const LARGEST_CLAIM: u64 = 64;

/// One shard's way through the rows of one source.
#[derive(Debug)]
pub(super) enum Cursor {
    /// Rows `first`, `first + step`, … and over again. Shards' rows are disjoint, so no two users
    /// ever hold the same row in one cycle, and no shard needs to know of another.
    Cycle { first: u64, step: u64, rows: u64, next: u64 },
    /// Rows claimed from what all shards still have before them.
    Once { left: Arc<Unclaimed>, shards: u64, claimed: Range<u64> },
}

impl Cursor {
    /// The cursor of shard `shard` of `shards` over `rows` rows that repeat for ever.
    pub(super) fn cycle(rows: u64, shard: u64, shards: u64) -> Self {
        // With more shards than rows, shards have to share them.
        let first = if rows == 0 { 0 } else { shard % rows };
        Self::Cycle { first, step: shards.max(1), rows, next: first }
    }

    /// The cursor of one of `shards` shards over rows that are used once.
    pub(super) fn once(left: Arc<Unclaimed>, shards: u64) -> Self {
        Self::Once { left, shards, claimed: 0..0 }
    }

    pub(super) fn next(&mut self) -> Option<u64> {
        match self {
            Self::Cycle { rows: 0, .. } => None,
            Self::Cycle { first, step, rows, next } => {
                let row = *next;
                *next = row + *step;
                if *next >= *rows {
                    *next = *first;
                }
                Some(row)
            }
            Self::Once { left, shards, claimed } => {
                if claimed.is_empty() {
                    *claimed = left.claim(*shards);
                }
                claimed.next()
            }
        }
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        if let Self::Once { left, claimed, .. } = self {
            left.give_back(mem::take(claimed));
        }
    }
}

/// The rows of a source that no shard has claimed yet.
///
/// Claims shrink as the end comes near, down to single rows, so that hardly a row is left in one
/// shard's hands when another finds none. What a shard has claimed and not used when it ends goes
/// back, to shards that still run and to the next run.
#[derive(Debug)]
pub(super) struct Unclaimed {
    next: AtomicU64,
    rows: u64,
    /// Whether there is anything in `returned`: who claims takes the lock for that only.
    has_returned: AtomicBool,
    returned: Mutex<Vec<Range<u64>>>,
}

impl Unclaimed {
    pub(super) fn new(rows: u64) -> Self {
        let (has_returned, returned) = (AtomicBool::new(false), Mutex::default());
        Self { next: AtomicU64::new(0), rows, has_returned, returned }
    }

    fn give_back(&self, rows: Range<u64>) {
        if !rows.is_empty() {
            self.returned.lock().unwrap_or_else(PoisonError::into_inner).push(rows);
            self.has_returned.store(true, Ordering::Release);
        }
    }

    fn claim_returned(&self) -> Option<Range<u64>> {
        if !self.has_returned.load(Ordering::Acquire) {
            return None;
        }
        let mut returned = self.returned.lock().unwrap_or_else(PoisonError::into_inner);
        let claimed = returned.pop();
        self.has_returned.store(!returned.is_empty(), Ordering::Release);
        claimed
    }

    /// The next rows, for one of `shards` shards; an empty range when there are none.
    fn claim(&self, shards: u64) -> Range<u64> {
        if let Some(returned) = self.claim_returned() {
            return returned;
        }
        let share = |next: u64| {
            let left = self.rows.saturating_sub(next);
            (left / (4 * shards.max(1))).clamp(1, LARGEST_CLAIM).min(left)
        };
        let claimed = self
            .next
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| Some(next + share(next)));
        let (Ok(first) | Err(first)) = claimed;
        first..first + share(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(cursor: &mut Cursor, rows: usize) -> Vec<u64> {
        std::iter::from_fn(|| cursor.next()).take(rows).collect()
    }

    #[test]
    fn one_shard_cycles_in_file_order() {
        assert_eq!(take(&mut Cursor::cycle(3, 0, 1), 7), [0, 1, 2, 0, 1, 2, 0]);
    }

    #[test]
    fn shards_cycle_through_disjoint_rows_that_are_all_rows() {
        let mut first = Cursor::cycle(5, 0, 2);
        let mut second = Cursor::cycle(5, 1, 2);
        assert_eq!(take(&mut first, 4), [0, 2, 4, 0]);
        assert_eq!(take(&mut second, 3), [1, 3, 1]);
    }

    #[test]
    fn more_shards_than_rows_share_the_rows() {
        let starts = [0, 1, 2, 3].map(|shard| take(&mut Cursor::cycle(2, shard, 4), 2));
        assert_eq!(starts, [[0, 0], [1, 1], [0, 0], [1, 1]]);
    }

    #[test]
    fn an_empty_source_never_yields() {
        assert_eq!(Cursor::cycle(0, 1, 2).next(), None);
        assert_eq!(Cursor::once(Arc::new(Unclaimed::new(0)), 2).next(), None);
    }

    #[test]
    fn what_a_shard_has_claimed_and_not_used_is_there_for_others() {
        let left = Arc::new(Unclaimed::new(100));
        let mut cursors = [0, 1].map(|_| Cursor::once(Arc::clone(&left), 2));
        let mut seen: Vec<_> = cursors.iter_mut().flat_map(|cursor| take(cursor, 5)).collect();
        drop(cursors);
        seen.extend(take(&mut Cursor::once(Arc::clone(&left), 2), 100));
        seen.sort_unstable();
        assert_eq!(seen, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn every_row_is_used_once_whatever_the_shards_speed() {
        for (rows, shards) in [(1, 3), (7, 2), (1_000, 2), (10_000, 5)] {
            let left = Arc::new(Unclaimed::new(rows));
            let mut cursors: Vec<_> =
                (0..shards).map(|_| Cursor::once(Arc::clone(&left), shards)).collect();
            let mut seen = Vec::new();
            // The first shard is twice as fast as the next, and so on.
            for turn in 1_u64.. {
                let mut any = false;
                for (nth, cursor) in cursors.iter_mut().enumerate() {
                    if turn.is_multiple_of(1 << nth)
                        && let Some(row) = cursor.next()
                    {
                        seen.push(row);
                        any = true;
                    }
                }
                if !any && turn.is_multiple_of(1 << shards) {
                    break;
                }
            }
            seen.sort_unstable();
            assert_eq!(seen, (0..rows).collect::<Vec<_>>());
            assert!(cursors.iter_mut().all(|cursor| cursor.next().is_none()));
        }
    }

    #[test]
    fn threads_never_share_a_claim() {
        let left = Arc::new(Unclaimed::new(50_000));
        let shards = [0; 4].map(|_| {
            let mut cursor = Cursor::once(Arc::clone(&left), 4);
            std::thread::spawn(move || take(&mut cursor, usize::MAX))
        });
        let mut seen = shards.map(|shard| shard.join().unwrap()).concat();
        seen.sort_unstable();
        assert_eq!(seen, (0..50_000).collect::<Vec<_>>());
    }

    #[test]
    fn the_last_rows_are_claimed_one_by_one() {
        let left = Unclaimed::new(1_000);
        let mut sizes = Vec::new();
        loop {
            let claim = left.claim(2);
            if claim.is_empty() {
                break;
            }
            sizes.push(claim.end - claim.start);
        }
        assert_eq!(sizes.first(), Some(&64));
        assert!(sizes.is_sorted_by(|a, b| a >= b));
        assert!(sizes.ends_with(&[1; 15]), "{sizes:?}");
    }
}
