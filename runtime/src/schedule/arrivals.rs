//! Ticks that start at a rate, whatever became of those before: the open model.
//!
//! Start n is due when the integral of the rate reaches n, which is a quadratic equation in each stage.
//! Random starts are those of a Poisson process of rate 1, carried over by the same equation
//! (time rescaling), so they follow the stages as well.

use ld_vm::program::StageRow;

/// Nanoseconds in a second, for rates.
const NS_PER_S: f64 = 1e9;

/// When ticks start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrivals {
    stages: Vec<Stage>,
    /// Starts there are in all; the integral of the rate.
    total: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Stage {
    start_ns: f64,
    duration_ns: f64,
    /// Starts per nanosecond, at its start and its end.
    from: f64,
    to: f64,
    /// Starts before it.
    before: f64,
}

impl Arrivals {
    /// The arrivals of a list of stages, as far as they are before a time, in nanoseconds from the
    /// first stage.
    #[must_use]
    pub fn new(stages: &[StageRow], end_ns: u64) -> Self {
        let mut arrivals = Self::default();
        let mut start_ns = 0.0;
        for stage in stages.iter().filter(|stage| stage.duration_ns > 0) {
            let whole_ns = stage.duration_ns as f64;
            let duration_ns = whole_ns.min(end_ns as f64 - start_ns);
            if duration_ns <= 0.0 {
                break;
            }
            let from = stage.from / NS_PER_S;
            let to = from + (stage.to / NS_PER_S - from) * (duration_ns / whole_ns);
            let before = arrivals.total;
            arrivals.stages.push(Stage { start_ns, duration_ns, from, to, before });
            arrivals.total += (from + to) / 2.0 * duration_ns;
            start_ns += duration_ns;
        }
        // A start that is due when the last stage ends does not start, rounded up as the sum may be.
        arrivals.total *= 1.0 - 1e-12;
        arrivals
    }

    /// When the integral of the rate reaches `starts`, in nanoseconds from the first stage; `None`
    /// when it does not before the last stage ends.
    #[must_use]
    pub fn due_ns(&self, starts: f64) -> Option<u64> {
        if starts >= self.total {
            return None;
        }
        // Where the rate is zero nothing starts: of stages with as many starts before them, the last.
        let after = self.stages.partition_point(|stage| stage.before <= starts);
        let stage = self.stages.get(after.checked_sub(1)?)?;
        let Stage { start_ns, duration_ns, from, to, before } = *stage;
        let left = starts - before;
        let root = (from * from + 2.0 * (to - from) * left / duration_ns).max(0.0).sqrt();
        let share_ns = if left > 0.0 { 2.0 * left / (from + root) } else { 0.0 };
        Some((start_ns + share_ns.min(duration_ns)).round() as u64)
    }

    /// The integral of the rate from the first stage to a time, in nanoseconds.
    fn before(&self, at_ns: u64) -> f64 {
        let after = self.stages.partition_point(|stage| stage.start_ns <= at_ns as f64);
        let stage = after.checked_sub(1).and_then(|at| self.stages.get(at));
        stage.map_or(0.0, |stage| {
            let within = (at_ns as f64 - stage.start_ns).min(stage.duration_ns);
            let slope = (stage.to - stage.from) / stage.duration_ns;
            stage.before + (stage.from + slope * within / 2.0) * within
        })
    }

    /// The starts of one shard: starts are dealt out in turn. With a seed, they are random.
    #[must_use]
    pub fn of_shard(self, shard: u32, shards: u32, seed: Option<u64>) -> Starts {
        Starts {
            arrivals: self,
            next: 0,
            shard: u64::from(shard),
            shards: u64::from(shards.max(1)),
            random: seed.map(|seed| (fastrand::Rng::with_seed(seed), 0.0)),
        }
    }
}

/// The due times of a shard's starts, in nanoseconds and in order.
#[derive(Clone, Debug)]
pub struct Starts {
    arrivals: Arrivals,
    /// The number of the next start, of all shards.
    next: u64,
    shard: u64,
    shards: u64,
    /// Every shard draws the starts of all, so that they do not depend on how many there are.
    random: Option<(fastrand::Rng, f64)>,
}

impl Starts {
    /// Passes over the starts due before a time, in nanoseconds, and says how many they were.
    pub fn skip_until(&mut self, until_ns: u64) -> u64 {
        if self.random.is_some() {
            let mut skipped = 0;
            while let Some(due_ns) = self.next()
                && due_ns < until_ns
            {
                skipped += 1;
            }
            return skipped;
        }
        // Starts that are due at that very time are not missed yet.
        let passed = self.arrivals.before(until_ns).ceil() as u64;
        let left = passed.saturating_sub(self.next + self.shard);
        let skipped = left.div_ceil(self.shards);
        self.next += skipped * self.shards;
        skipped
    }
}

impl Iterator for Starts {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let Some((rng, reached)) = &mut self.random else {
            let number = self.next + self.shard;
            self.next += self.shards;
            return self.arrivals.due_ns(number as f64);
        };
        loop {
            *reached -= (1.0 - rng.f64()).ln();
            if *reached >= self.arrivals.total {
                return None;
            }
            let number = self.next;
            self.next += 1;
            if number % self.shards == self.shard {
                return self.arrivals.due_ns(*reached);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    fn arrivals(stages: &[(u64, f64, f64)]) -> Arrivals {
        let stage =
            |&(seconds, from, to)| StageRow { duration_ns: seconds * S, from, to, spawn_rate: 1.0 };
        Arrivals::new(&stages.iter().map(stage).collect::<Vec<_>>(), u64::MAX)
    }

    fn starts(arrivals: &Arrivals, seed: Option<u64>) -> Vec<u64> {
        arrivals.clone().of_shard(0, 1, seed).collect()
    }

    #[test]
    fn a_steady_rate_starts_evenly_from_the_beginning() {
        assert_eq!(starts(&arrivals(&[(3, 5000.0, 5000.0)]), None).len(), 15_000);
        let found = starts(&arrivals(&[(2, 4.0, 4.0)]), None);
        let expected: Vec<_> = (0..8).map(|n| n * S / 4).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_ramp_starts_as_many_as_lie_under_it() {
        // t²/2 · 2 starts after t seconds.
        let found = starts(&arrivals(&[(10, 0.0, 20.0)]), None);
        assert_eq!(found.len(), 100);
        for (n, due_ns) in found.into_iter().enumerate() {
            let expected = (n as f64).sqrt() * 1e9;
            assert!((due_ns as f64 - expected).abs() <= 1.0, "start {n}");
        }
    }

    #[test]
    fn nothing_starts_while_the_rate_is_zero() {
        let found =
            starts(&arrivals(&[(3, 0.0, 0.0), (1, 2.0, 2.0), (5, 0.0, 0.0), (1, 1.0, 1.0)]), None);
        assert_eq!(found, [3 * S, 7 * S / 2, 9 * S]);
        assert_eq!(starts(&arrivals(&[(3, 0.0, 0.0)]), None), [] as [u64; 0]);
        assert_eq!(starts(&arrivals(&[]), Some(1)), [] as [u64; 0]);
    }

    #[test]
    fn what_started_is_within_one_of_what_was_planned_at_any_time() {
        let stages = [(3, 5.0, 200.0), (2, 200.0, 200.0), (4, 200.0, 0.5), (1, 0.5, 90.0)];
        let arrivals = arrivals(&stages);
        let found = starts(&arrivals, None);
        let planned = |at: f64| {
            let (mut before, mut sum) = (0.0, 0.0);
            for (seconds, from, to) in stages {
                let seconds = seconds as f64;
                let within = (at - before).clamp(0.0, seconds);
                sum += from * within + (to - from) * within * within / (2.0 * seconds);
                before += seconds;
            }
            sum
        };
        for step in 0..10_000 {
            let at = f64::from(step) / 1_000.0;
            let started = found.partition_point(|&due_ns| due_ns as f64 <= at * 1e9) as f64;
            assert!(
                (started - planned(at)).abs() <= 1.0,
                "{started} at {at} s, not {}",
                planned(at)
            );
        }
    }

    #[test]
    fn every_start_is_on_exactly_one_shard() {
        let arrivals = arrivals(&[(2, 10.0, 90.0)]);
        for seed in [None, Some(7)] {
            let whole = starts(&arrivals, seed);
            let mut dealt: Vec<u64> = (0..3)
                .flat_map(|shard| arrivals.clone().of_shard(shard, 3, seed).collect::<Vec<_>>())
                .collect();
            dealt.sort_unstable();
            assert_eq!(dealt, whole);
        }
    }

    #[test]
    fn starts_that_are_passed_over_are_counted() {
        let arrivals = arrivals(&[(2, 10.0, 90.0), (3, 90.0, 20.0)]);
        for seed in [None, Some(3)] {
            for shard in 0..3 {
                let own: Vec<_> = arrivals.clone().of_shard(shard, 3, seed).collect();
                for until_ns in [0, S / 7, 2 * S, 4 * S, 9 * S] {
                    let mut starts = arrivals.clone().of_shard(shard, 3, seed);
                    let first = u64::from(starts.next().is_some_and(|due_ns| due_ns < until_ns));
                    let due = own.iter().filter(|&&due_ns| due_ns < until_ns).count() as u64;
                    assert_eq!(starts.skip_until(until_ns) + first, due, "{seed:?} {until_ns}");
                }
            }
        }
    }

    #[test]
    fn random_starts_are_those_of_a_poisson_process() {
        let arrivals = arrivals(&[(100, 100.0, 100.0)]);
        let found = starts(&arrivals, Some(11));
        assert_eq!(found, starts(&arrivals, Some(11)));
        assert_ne!(found, starts(&arrivals, Some(12)));
        // Of 10 000 expected the standard deviation is 100; gaps have their mean as deviation.
        assert!((9_600..10_400).contains(&found.len()), "{} starts", found.len());
        let gaps: Vec<f64> = found.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        assert!((variance.sqrt() / mean - 1.0).abs() < 0.05, "{} of {mean}", variance.sqrt());
    }

    #[test]
    fn what_is_due_at_the_end_of_the_run_does_not_start() {
        let row = |seconds: u64, from, to| StageRow {
            duration_ns: seconds * S,
            from,
            to,
            spawn_rate: 1.0,
        };
        for (stages, end_ns) in [
            (vec![row(10, 4.0, 4.0)], 2 * S),
            (vec![row(1, 4.0, 4.0), row(9, 4.0, 0.0)], 2 * S + 1),
            (vec![row(2, 4.0, 0.0), row(1, 9.0, 9.0)], 2 * S),
            (vec![row(2, 4.0, 4.0)], 0),
        ] {
            let whole: Vec<u64> = Arrivals::new(&stages, u64::MAX).of_shard(0, 1, None).collect();
            let found: Vec<u64> = Arrivals::new(&stages, end_ns).of_shard(0, 1, None).collect();
            let early: Vec<u64> = whole.into_iter().filter(|&due_ns| due_ns < end_ns).collect();
            assert_eq!(found, early, "until {end_ns}");
        }
    }

    #[test]
    fn starts_that_never_end_are_computed_as_they_come() {
        let stage = StageRow { duration_ns: u64::MAX, from: 1e6, to: 1e6, spawn_rate: 1.0 };
        let mut found = Arrivals::new(&[stage], u64::MAX).of_shard(1, 2, None);
        assert_eq!(found.nth(999_999), Some(1_999_999_000));
    }
}
