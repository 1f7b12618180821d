//! The run's clock: monotonic nanoseconds since the run began.
//!
//! Every stamp of a run (due, sent, done) is a `u64` from one [`Clock`], so that stamps of
//! different shards can be compared and a stamp costs one vDSO call.

use rustix::time::{ClockId, Timespec, clock_gettime};

/// Nanoseconds in a second.
pub const NS_PER_S: u64 = 1_000_000_000;

/// A monotonic clock whose zero is the beginning of the run. Copies share that zero.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin_ns: u64,
}

impl Clock {
    /// A clock that reads zero now.
    #[must_use]
    pub fn starting_now() -> Self {
        Self { origin_ns: monotonic_ns() }
    }

    /// Nanoseconds since the run began.
    #[must_use]
    pub fn now_ns(&self) -> u64 {
        monotonic_ns().saturating_sub(self.origin_ns)
    }

    /// The moment `at_ns` of this clock in terms of the system's `CLOCK_MONOTONIC`.
    pub(crate) fn to_monotonic(self, at_ns: u64) -> Timespec {
        let ns = self.origin_ns.saturating_add(at_ns);
        Timespec { tv_sec: (ns / NS_PER_S).cast_signed(), tv_nsec: (ns % NS_PER_S).cast_signed() }
    }
}

fn monotonic_ns() -> u64 {
    nanoseconds(clock_gettime(ClockId::Monotonic))
}

/// A non-negative `Timespec` as nanoseconds.
pub(crate) fn nanoseconds(time: Timespec) -> u64 {
    time.tv_sec.cast_unsigned() * NS_PER_S + time.tv_nsec.cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_goes_back_and_starts_near_zero() {
        let clock = Clock::starting_now();
        let (first, second) = (clock.now_ns(), clock.now_ns());
        assert!(first <= second);
        assert!(first < NS_PER_S);
    }

    #[test]
    fn maps_back_to_the_system_clock() {
        let clock = Clock { origin_ns: 7 * NS_PER_S + 999_999_999 };
        let at = clock.to_monotonic(2);
        assert_eq!((at.tv_sec, at.tv_nsec), (8, 1));
    }

    #[test]
    fn the_end_of_time_is_a_valid_moment() {
        let at = Clock { origin_ns: 5 }.to_monotonic(u64::MAX);
        assert!(at.tv_sec > 0 && (0..1_000_000_000).contains(&at.tv_nsec));
    }
}
