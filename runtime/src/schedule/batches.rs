//! Users that start in batches, as `user_count` and `spawn_rate` say.

use ld_drivers::net::clock::NS_PER_S;

/// Users start in batches: the first at once, then one batch every `batch / rate` seconds until
/// all have started. A batch has `rate` users, rounded down, but at least one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ramp {
    users: u32,
    rate: f64,
    batch: u32,
}

impl Ramp {
    /// A ramp to `users` users at `rate` users per second; `None` unless the rate is above zero.
    #[must_use]
    pub fn new(users: u32, rate: f64) -> Option<Self> {
        // The cast saturates: beyond u32::MAX users per second, all of them are one batch.
        (rate > 0.0).then(|| Self { users, rate, batch: (rate as u32).max(1) })
    }

    /// How many users there will be.
    #[must_use]
    pub const fn users(&self) -> u32 {
        self.users
    }

    /// When the n-th user starts, in nanoseconds from the beginning of the run.
    #[must_use]
    pub fn start_ns(&self, user: u32) -> u64 {
        let before = f64::from(user - user % self.batch);
        (before / self.rate * NS_PER_S as f64).round() as u64
    }

    /// When the last user starts, in nanoseconds from the beginning of the run.
    #[must_use]
    pub fn complete_ns(&self) -> u64 {
        self.users.checked_sub(1).map_or(0, |last| self.start_ns(last))
    }

    /// The users of one shard with their start times, in order. Users are dealt out in turn, so
    /// that every shard takes part in every stage of the ramp.
    pub fn of_shard(
        self,
        shard: u32,
        shards: u32,
    ) -> impl ExactSizeIterator<Item = (u32, u64)> + use<> {
        let step = shards.max(1) as usize;
        (shard..self.users).step_by(step).map(move |user| (user, self.start_ns(user)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn starts(users: u32, rate: f64) -> Vec<u64> {
        let ramp = Ramp::new(users, rate).unwrap();
        (0..users).map(|user| ramp.start_ns(user) / MS).collect()
    }

    #[test]
    fn whole_rates_start_a_batch_every_second() {
        assert_eq!(starts(7, 3.0), [0, 0, 0, 1000, 1000, 1000, 2000]);
    }

    #[test]
    fn a_fraction_above_one_stretches_the_interval_instead() {
        // Batches of 2 every 2 / 2.5 s.
        assert_eq!(starts(5, 2.5), [0, 0, 800, 800, 1600]);
    }

    #[test]
    fn rates_below_one_start_single_users() {
        assert_eq!(starts(3, 0.25), [0, 4000, 8000]);
    }

    #[test]
    fn an_endless_rate_starts_everybody_at_once() {
        for rate in [f64::INFINITY, 1e300] {
            let ramp = Ramp::new(u32::MAX, rate).unwrap();
            assert_eq!(ramp.complete_ns(), 0);
        }
    }

    #[test]
    fn a_rate_that_starts_nobody_is_no_ramp() {
        for rate in [0.0, -1.0, f64::NAN, f64::NEG_INFINITY] {
            assert_eq!(Ramp::new(1, rate), None);
        }
    }

    #[test]
    fn the_slowest_ramp_does_not_overflow() {
        let ramp = Ramp::new(u32::MAX, f64::MIN_POSITIVE).unwrap();
        assert_eq!(ramp.complete_ns(), u64::MAX);
    }

    #[test]
    fn every_user_is_on_exactly_one_shard_and_shards_differ_by_at_most_one() {
        for (users, shards) in [(0, 2), (1, 4), (10, 3), (64, 2), (5, 1)] {
            let ramp = Ramp::new(users, 2.0).unwrap();
            let dealt: Vec<Vec<_>> =
                (0..shards).map(|shard| ramp.of_shard(shard, shards).collect()).collect();
            let mut all = dealt.concat();
            all.sort_unstable();
            let expected: Vec<_> = (0..users).map(|user| (user, ramp.start_ns(user))).collect();
            assert_eq!(all, expected);
            let sizes = dealt.iter().map(Vec::len);
            assert!(sizes.clone().max().unwrap() - sizes.min().unwrap() <= 1);
        }
    }
}
