//! Which rows of a source a shard takes, and in what order.

use std::{
    ops::Range,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

/// The most rows a shard claims at a time.
const LARGEST_CLAIM: u32 = 64;

/// One shard's way through the rows of one source.
#[derive(Debug)]
pub(super) enum Cursor {
    /// Rows that repeat for ever.
    Cycle(Cycling),
    /// Rows claimed from those that all shards use up together.
    Once(Claimant),
}

impl Cursor {
    /// The cursor of shard `shard` of `shards` over `rows` rows that repeat for ever. `begun` is
    /// how many rows earlier runs went through, and is told of those of this one.
    pub(super) fn cycle(rows: u64, shard: u64, shards: u64, begun: &Arc<AtomicU64>) -> Self {
        // With more shards than rows, shards have to share them.
        let first = if rows == 0 { 0 } else { shard % rows };
        Self::Cycle(Cycling {
            first,
            step: shards.max(1),
            rows,
            next: first,
            rounds: 0,
            start: begun.load(Relaxed),
            begun: Arc::clone(begun),
        })
    }

    /// The cursor of one of the shards over rows that are used once.
    pub(super) fn once(rows: &Arc<UsedOnce>) -> Self {
        Self::Once(Claimant::new(Arc::clone(rows)))
    }

    pub(super) fn next(&mut self) -> Option<u64> {
        match self {
            Self::Cycle(cycling) => cycling.next(),
            Self::Once(claimant) => claimant.next().map(u64::from),
        }
    }
}

/// A shard's way through rows that repeat: `first`, `first + step`, … and over again, all
/// from where the run before left off. Shards' rows are disjoint, so no two users ever hold the
/// same row in one cycle, and no shard needs to know of another.
#[derive(Debug)]
pub(super) struct Cycling {
    first: u64,
    step: u64,
    rows: u64,
    next: u64,
    /// How often it began over.
    rounds: u64,
    /// What all this counts from: rows that earlier runs went through.
    start: u64,
    /// Where the next run will start.
    begun: Arc<AtomicU64>,
}

impl Cycling {
    fn next(&mut self) -> Option<u64> {
        let row = self.start.wrapping_add(self.next).checked_rem(self.rows)?;
        self.next += self.step;
        if self.next >= self.rows {
            self.next = self.first;
            self.rounds += 1;
        }
        Some(row)
    }

    /// How many rows this shard has gone through, with those of others in between.
    fn passed(&self) -> u64 {
        if self.next != self.first {
            self.rounds * self.rows + self.next - self.step + 1
        } else {
            self.rounds * self.rows
        }
    }
}

impl Drop for Cycling {
    fn drop(&mut self) {
        self.begun.fetch_max(self.start + self.passed(), Relaxed);
    }
}

/// The rows of a source that are used once, by whichever shard needs one first.
///
/// Shards claim rows by the handful, so that taking one touches nothing that others touch. When
/// all are claimed, a shard that needs one takes over half of what the richest still holds: a
/// shard goes without only when every row has been used. What a shard has claimed and not used
/// when it ends goes back, to shards that still run and to the next run.
#[derive(Debug)]
pub(super) struct UsedOnce {
    rest: Mutex<Rest>,
    /// Whether every row has been used, so that nobody asks for the lock any more.
    used_up: AtomicBool,
}

/// What has not been used.
#[derive(Debug)]
struct Rest {
    /// Rows nobody holds; the last range goes first.
    free: Vec<Range<u32>>,
    /// What each shard that runs holds.
    claims: Vec<Arc<Claim>>,
}

impl UsedOnce {
    pub(super) fn new(rows: u64) -> Self {
        // A table has no more rows than a u32 can number.
        let rows = 0..u32::try_from(rows).unwrap_or(u32::MAX);
        let rest = Mutex::new(Rest { free: vec![rows], claims: Vec::new() });
        Self { rest, used_up: AtomicBool::new(false) }
    }

    fn rest(&self) -> MutexGuard<'_, Rest> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rest {
    /// More rows for a shard that has none left; an empty range when all have been used.
    fn claim(&mut self) -> Range<u32> {
        self.claim_free().or_else(|| self.take_over()).unwrap_or(0..0)
    }

    fn claim_free(&mut self) -> Option<Range<u32>> {
        let shards = u32::try_from(self.claims.len()).unwrap_or(u32::MAX);
        while let Some(range) = self.free.last_mut() {
            let share = (range.len() as u32 / shards.saturating_mul(4).max(1)).max(1);
            let end = range.end.min(range.start + share.min(LARGEST_CLAIM));
            let claimed = range.start..end;
            range.start = end;
            if !claimed.is_empty() {
                return Some(claimed);
            }
            self.free.pop();
        }
        None
    }

    fn take_over(&self) -> Option<Range<u32>> {
        loop {
            let richest = self.claims.iter().max_by_key(|claim| claim.rows().len())?;
            let half = richest.give_half();
            // The richest may have used its last row meanwhile, and another may have some left.
            if !half.is_empty() || self.claims.iter().all(|claim| claim.rows().is_empty()) {
                return Some(half);
            }
        }
    }
}

/// One shard's hold on rows that are used once.
#[derive(Debug)]
pub(super) struct Claimant {
    all: Arc<UsedOnce>,
    own: Arc<Claim>,
}

impl Claimant {
    fn new(all: Arc<UsedOnce>) -> Self {
        let own = Arc::new(Claim::default());
        all.rest().claims.push(Arc::clone(&own));
        Self { all, own }
    }

    fn next(&mut self) -> Option<u32> {
        if let Some(row) = self.own.take() {
            return Some(row);
        }
        if self.all.used_up.load(Relaxed) {
            return None;
        }
        // The lock is held until the new claim stands, so that no other shard looks for rows while
        // these are nowhere to be seen.
        let mut rest = self.all.rest();
        let mut claimed = rest.claim();
        let row = claimed.next();
        self.own.put(claimed);
        if row.is_none() {
            self.all.used_up.store(true, Relaxed);
        }
        row
    }
}

impl Drop for Claimant {
    fn drop(&mut self) {
        let mut rest = self.all.rest();
        rest.claims.retain(|claim| !Arc::ptr_eq(claim, &self.own));
        rest.free.push(self.own.rows());
    }
}

/// The rows a shard holds: the first in the upper half of the number, the end in the lower, so
/// that both change at once. Alone in its cache lines: until the source is nearly used up, only
/// its own shard touches it.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Claim(AtomicU64);

impl Claim {
    fn rows(&self) -> Range<u32> {
        unpack(self.0.load(Relaxed))
    }

    /// Fills a claim that is empty; only its shard does that, holding the lock.
    fn put(&self, rows: Range<u32>) {
        self.0.store(pack(&rows), Relaxed);
    }

    /// The first row, for the shard itself.
    fn take(&self) -> Option<u32> {
        self.change(|rows| rows.start + 1..rows.end).map(|rows| rows.start)
    }

    /// The second half, for another shard; all of a single row.
    fn give_half(&self) -> Range<u32> {
        let middle = |rows: &Range<u32>| rows.start + rows.len() as u32 / 2;
        let before = self.change(|rows| rows.start..middle(&rows));
        before.map_or(0..0, |rows| middle(&rows)..rows.end)
    }

    /// Changes what is held, unless that is nothing; what it was before.
    fn change(&self, change: impl Fn(Range<u32>) -> Range<u32>) -> Option<Range<u32>> {
        // Rows stand in tables that nobody changes, so nothing else depends on the order.
        let changed = self.0.fetch_update(Relaxed, Relaxed, |rows| {
            let rows = unpack(rows);
            (!rows.is_empty()).then(|| pack(&change(rows)))
        });
        changed.ok().map(unpack)
    }
}

fn pack(rows: &Range<u32>) -> u64 {
    u64::from(rows.start) << 32 | u64::from(rows.end)
}

fn unpack(rows: u64) -> Range<u32> {
    (rows >> 32) as u32..rows as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cycle(rows: u64, shard: u64, shards: u64) -> Cursor {
        Cursor::cycle(rows, shard, shards, &Arc::default())
    }

    fn take(cursor: &mut Cursor, rows: usize) -> Vec<u64> {
        std::iter::from_fn(|| cursor.next()).take(rows).collect()
    }

    #[test]
    fn one_shard_cycles_in_file_order() {
        assert_eq!(take(&mut cycle(3, 0, 1), 7), [0, 1, 2, 0, 1, 2, 0]);
    }

    #[test]
    fn shards_cycle_through_disjoint_rows_that_are_all_rows() {
        let mut first = cycle(5, 0, 2);
        let mut second = cycle(5, 1, 2);
        assert_eq!(take(&mut first, 4), [0, 2, 4, 0]);
        assert_eq!(take(&mut second, 3), [1, 3, 1]);
    }

    #[test]
    fn the_next_run_starts_after_the_row_that_came_last_on_any_shard() {
        let begun = Arc::default();
        let mut shards = [0, 1].map(|shard| Cursor::cycle(5, shard, 2, &begun));
        assert_eq!(take(&mut shards[0], 2), [0, 2]);
        assert_eq!(take(&mut shards[1], 1), [1]);
        drop(shards);
        let mut shards = [0, 1].map(|shard| Cursor::cycle(5, shard, 2, &begun));
        assert_eq!(take(&mut shards[0], 4), [3, 0, 2, 3]);
        assert_eq!(take(&mut shards[1], 1), [4]);
        drop(shards);
        // A whole round and one row of the next.
        assert_eq!(take(&mut Cursor::cycle(5, 0, 1, &begun), 1), [4]);
    }

    #[test]
    fn more_shards_than_rows_share_the_rows() {
        let starts = [0, 1, 2, 3].map(|shard| take(&mut cycle(2, shard, 4), 2));
        assert_eq!(starts, [[0, 0], [1, 1], [0, 0], [1, 1]]);
    }

    #[test]
    fn an_empty_source_never_yields() {
        assert_eq!(cycle(0, 1, 2).next(), None);
        assert_eq!(Cursor::once(&Arc::new(UsedOnce::new(0))).next(), None);
    }

    #[test]
    fn what_a_shard_has_claimed_and_not_used_is_there_for_others() {
        let left = Arc::new(UsedOnce::new(100));
        let mut cursors = [0, 1].map(|_| Cursor::once(&left));
        let mut seen: Vec<_> = cursors.iter_mut().flat_map(|cursor| take(cursor, 5)).collect();
        drop(cursors);
        seen.extend(take(&mut Cursor::once(&left), 100));
        seen.sort_unstable();
        assert_eq!(seen, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn every_row_is_used_once_whatever_the_shards_speed() {
        for (rows, shards) in [(1, 3), (7, 2), (1_000, 2), (10_000, 5)] {
            let left = Arc::new(UsedOnce::new(rows));
            let mut cursors: Vec<_> = (0..shards).map(|_| Cursor::once(&left)).collect();
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
        let left = Arc::new(UsedOnce::new(50_000));
        let shards = [0; 4].map(|_| {
            let mut cursor = Cursor::once(&left);
            std::thread::spawn(move || take(&mut cursor, usize::MAX))
        });
        let mut seen = shards.map(|shard| shard.join().unwrap()).concat();
        seen.sort_unstable();
        assert_eq!(seen, (0..50_000).collect::<Vec<_>>());
    }

    #[test]
    fn no_shard_goes_without_while_another_holds_rows_that_it_does_not_use() {
        for rows in [3, 100, 10_000] {
            let left = Arc::new(UsedOnce::new(rows));
            let [mut idle, mut busy] = [0, 1].map(|_| Cursor::once(&left));
            let mut seen = take(&mut idle, 1);
            seen.extend(take(&mut busy, usize::MAX));
            assert_eq!(idle.next(), None);
            seen.sort_unstable();
            assert_eq!(seen, (0..rows).collect::<Vec<_>>());
        }
    }

    #[test]
    fn claims_shrink_towards_the_end() {
        let left = Arc::new(UsedOnce::new(1_000));
        let _shards = [0, 1].map(|_| Cursor::once(&left));
        let claims = std::iter::from_fn(|| left.rest().claim_free());
        let sizes: Vec<_> = claims.map(|claim| claim.len()).collect();
        assert_eq!(sizes.first(), Some(&64));
        assert!(sizes.is_sorted_by(|a, b| a >= b));
        assert!(sizes.ends_with(&[1; 15]), "{sizes:?}");
    }
}
