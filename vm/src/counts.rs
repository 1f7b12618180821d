//! What functions count: numbers of a user, and numbers of a run that no two users share.

/// Gives the next number of a counter when a function asks for it.
pub trait Counts {
    /// The next number of the user's counter of this name: 1, 2, 3, …
    fn of_user(&mut self, name: &[u8]) -> u64;
    /// The next number of the run's counter of this name; nobody gets it again in this run.
    fn of_run(&mut self, name: &[u8]) -> u64;
    /// The number of the shard, from 0.
    fn shard(&self) -> u32;
}

/// Counters outside of a run: each is at its first number.
#[derive(Clone, Copy, Debug)]
pub struct NoCounts;

impl Counts for NoCounts {
    fn of_user(&mut self, _name: &[u8]) -> u64 {
        1
    }
    fn of_run(&mut self, _name: &[u8]) -> u64 {
        1
    }
    fn shard(&self) -> u32 {
        0
    }
}

/// Counters by name. Plans have few, so they are looked for one by one.
#[derive(Debug, Default)]
pub(crate) struct Counters(Vec<(Box<[u8]>, u64)>);

impl Counters {
    /// How often the counter was asked before.
    fn next(&mut self, name: &[u8]) -> u64 {
        match self.0.iter_mut().find(|(known, _)| **known == *name) {
            Some((_, count)) => {
                *count += 1;
                *count
            }
            None => {
                self.0.push((name.into(), 0));
                0
            }
        }
    }
}

/// The counters of a run as one of its shards sees them: each shard gives every n-th number, so
/// that they need not know of each other.
#[derive(Debug)]
pub(crate) struct ShardCounts {
    shard: u32,
    shards: u32,
    counters: Counters,
}

impl ShardCounts {
    pub(crate) fn new(shard: u32, shards: u32) -> Self {
        Self { shard, shards, counters: Counters::default() }
    }
}

/// The counters that a user's functions have at hand.
pub(crate) struct UserCounts<'c> {
    /// Made when the user first counts.
    pub(crate) user: &'c mut Option<Box<Counters>>,
    pub(crate) run: &'c mut ShardCounts,
}

impl Counts for UserCounts<'_> {
    fn of_user(&mut self, name: &[u8]) -> u64 {
        self.user.get_or_insert_default().next(name) + 1
    }

    fn of_run(&mut self, name: &[u8]) -> u64 {
        let ShardCounts { shard, shards, counters } = &mut *self.run;
        counters.next(name) * u64::from(*shards) + u64::from(*shard) + 1
    }

    fn shard(&self) -> u32 {
        self.run.shard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_of_a_user_are_its_own_and_apart_by_name() {
        let run = &mut ShardCounts::new(0, 1);
        let (mut one, mut other) = (None, None);
        let mut counts = UserCounts { user: &mut one, run };
        assert_eq!([1, 2, 1], [b"a", b"a", b"b"].map(|name| counts.of_user(name)));
        let mut counts = UserCounts { user: &mut other, run };
        assert_eq!(counts.of_user(b"a"), 1);
    }

    #[test]
    fn no_number_of_a_run_is_given_twice() {
        let mut seen = Vec::new();
        for shard in 0..3 {
            let run = &mut ShardCounts::new(shard, 3);
            let mut counts = UserCounts { user: &mut None, run };
            assert_eq!(counts.shard(), shard);
            seen.extend((0..5).map(|_| counts.of_run(b"")));
        }
        seen.sort_unstable();
        assert_eq!(seen, (1..=15).collect::<Vec<_>>());
    }
}
