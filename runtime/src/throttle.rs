//! Rates that tasks are held to, shared by all shards of a run.
//!
//! A throttle is one number: when its bucket would be full again if nobody took anything more. Taking a
//! turn moves it on by the time between two turns, so every turn is reserved for one request, in the order
//! in which they ask, and nobody polls. (Known as the generic cell rate algorithm.) Requests without a
//! throttle touch none of this.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use ld_vm::program::{ThrottleId, ThrottleRow};

/// The throttles of a run.
#[derive(Debug)]
pub(crate) struct Throttles(Vec<Throttle>);

#[derive(Debug)]
struct Throttle {
    interval_ns: u64,
    /// How far the bucket may be from full for a turn to come at once.
    slack_ns: u64,
    full_ns: AtomicU64,
}

impl Throttles {
    /// Throttles whose buckets are full.
    pub(crate) fn new(rows: &[ThrottleRow]) -> Self {
        let throttle = |row: &ThrottleRow| Throttle {
            interval_ns: row.interval_ns,
            slack_ns: row.interval_ns.saturating_mul(u64::from(row.burst.saturating_sub(1))),
            full_ns: AtomicU64::new(0),
        };
        Self(rows.iter().map(throttle).collect())
    }

    /// Reserves the next turn for a request that could be sent at `now_ns`; says when it may be.
    pub(crate) fn reserve(&self, id: ThrottleId, now_ns: u64) -> u64 {
        let Some(throttle) = self.0.get(id.index()) else { return now_ns };
        let taken = |full_ns: u64| Some(full_ns.max(now_ns).saturating_add(throttle.interval_ns));
        match throttle.full_ns.fetch_update(Relaxed, Relaxed, taken) {
            Ok(full_ns) | Err(full_ns) => now_ns.max(full_ns.saturating_sub(throttle.slack_ns)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use ld_vm::program::ConstId;

    use super::*;

    const MS: u64 = 1_000_000;

    fn throttles(interval_ns: u64, burst: u32) -> Throttles {
        Throttles::new(&[ThrottleRow { key: ConstId(0), interval_ns, burst }])
    }

    /// When requests that ask at these times have their turns.
    fn turns(throttles: &Throttles, asked: &[u64]) -> Vec<u64> {
        asked.iter().map(|&at| throttles.reserve(ThrottleId(0), at * MS) / MS).collect()
    }

    #[test]
    fn ten_users_at_once_get_two_turns_a_second() {
        assert_eq!(
            turns(&throttles(500 * MS, 1), &[0; 10]),
            [0, 500, 1000, 1500, 2000, 2500, 3000, 3500, 4000, 4500]
        );
    }

    #[test]
    fn a_burst_goes_at_once_and_fills_up_again_while_nobody_asks() {
        let throttles = throttles(100 * MS, 3);
        assert_eq!(turns(&throttles, &[0, 0, 0, 0, 0]), [0, 0, 0, 100, 200]);
        assert_eq!(turns(&throttles, &[1_000, 1_000, 1_000, 1_000]), [1_000, 1_000, 1_000, 1_100]);
        assert_eq!(turns(&throttles, &[1_250, 1_250]), [1_250, 1_300]);
    }

    #[test]
    fn who_asks_in_time_does_not_wait() {
        assert_eq!(
            turns(&throttles(100 * MS, 1), &[0, 100, 250, 349, 500]),
            [0, 100, 250, 350, 500]
        );
    }

    #[test]
    fn threads_share_the_rate_and_no_turn_is_given_twice() {
        let throttles = throttles(MS, 1);
        let mut all: Vec<u64> = thread::scope(|scope| {
            let ask = || turns(&throttles, &[0; 1_000]);
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        all.sort_unstable();
        assert_eq!(all, (0..4_000).collect::<Vec<_>>());
    }

    #[test]
    fn a_throttle_that_is_not_there_holds_nobody_up() {
        assert_eq!(Throttles::new(&[]).reserve(ThrottleId(0), 7), 7);
    }
}
