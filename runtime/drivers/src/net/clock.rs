//! The run's clock: monotonic nanoseconds since the run began.
//!
//! Every stamp of a run (due, sent, done) is a `u64` from one [`Clock`], so that stamps of
//! different shards can be compared and a stamp costs one vDSO call.

use rustix::time::{ClockId, clock_gettime};

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

    /// What the system's `CLOCK_MONOTONIC` read when the run began, in nanoseconds.
    #[must_use]
    pub const fn origin_ns(&self) -> u64 {
        self.origin_ns
    }
}

fn monotonic_ns() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    // CLOCK_MONOTONIC never reads below zero.
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
        assert!(clock.origin_ns() > 0);
    }
}
