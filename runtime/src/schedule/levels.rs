//! Users whose number follows a level that changes linearly, stage by stage.
//!
//! User n is there while the level is at least n + 1. Where a level jumps, or changes faster than
//! users may start or stop, the number of users follows at the stage's spawn rate: the first of them at
//! once, then one at a time. All of that is one trajectory made of straight lines, and the times at
//! which it crosses n + 1 are those at which user n starts and stops.

use ld_vm::program::StageRow;

/// Nanoseconds in a second, for rates.
const NS_PER_S: f64 = 1e9;

/// The number of users over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Levels {
    lines: Vec<Line>,
    end_ns: u64,
}

/// A straight part of the trajectory; a jump takes no time.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Line {
    start_ns: f64,
    duration_ns: f64,
    from: f64,
    to: f64,
}

/// The time for which a user is there, in nanoseconds from the start of the trajectory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// The user's number, from 0. It may come back later, for another life.
    pub user: u32,
    /// When it starts.
    pub start_ns: u64,
    /// When it is to leave.
    pub leave_ns: u64,
}

impl Levels {
    /// The trajectory of a list of stages, from no users on.
    #[must_use]
    pub fn new(stages: &[StageRow]) -> Self {
        let mut draw = Draw { lines: Vec::new(), now_ns: 0.0, level: 0.0 };
        let mut settled = true;
        let mut end_ns = 0_u64;
        for stage in stages.iter().filter(|stage| stage.duration_ns > 0) {
            settled = draw.stage(stage, settled);
            end_ns = end_ns.saturating_add(stage.duration_ns);
        }
        Self { lines: draw.lines, end_ns }
    }

    /// When the last stage ends, in nanoseconds from the start of the first.
    #[must_use]
    pub const fn end_ns(&self) -> u64 {
        self.end_ns
    }

    /// Every time a user is there, in the order of the starts.
    pub fn lives(&self) -> impl Iterator<Item = Life> {
        self.lines.iter().enumerate().flat_map(move |(at, line)| {
            let later = self.lines.get(at + 1..).unwrap_or_default();
            let lives = line.risen().map(move |user| {
                let leaves = later.iter().find_map(|line| line.fall_ns(user));
                let leave_ns = leaves.unwrap_or(self.end_ns).min(self.end_ns);
                Life { user, start_ns: line.rise_ns(user), leave_ns }
            });
            lives.filter(|life| life.start_ns < life.leave_ns)
        })
    }
}

/// A trajectory being drawn.
struct Draw {
    lines: Vec<Line>,
    now_ns: f64,
    level: f64,
}

impl Draw {
    /// Draws a stage; `settled` says whether the number of users had reached what it was to be, and
    /// what comes back says the same.
    fn stage(&mut self, stage: &StageRow, settled: bool) -> bool {
        let duration_ns = stage.duration_ns as f64;
        let limit = stage.spawn_rate / NS_PER_S;
        let slope = (stage.to - stage.from) / duration_ns;
        let gap = stage.from - self.level;
        let mut left_ns = duration_ns;
        if gap != 0.0 {
            // Whoever comes first need not wait; where users were on their way already, it has come.
            // Whoever leaves first does so as soon as the level falls.
            if settled && gap > 0.0 {
                self.line(0.0, self.level + gap.min(1.0));
            }
            let gap = stage.from - self.level;
            let speed = limit.copysign(gap);
            let closing = (speed - slope) * gap.signum();
            let needed_ns = if gap == 0.0 { 0.0 } else { gap.abs() / closing };
            if closing <= 0.0 || needed_ns > left_ns {
                self.line(left_ns, self.level + speed * left_ns);
                return false;
            }
            self.line(needed_ns, stage.from + slope * needed_ns);
            left_ns -= needed_ns;
        }
        if slope.abs() <= limit {
            self.line(left_ns, stage.to);
            return true;
        }
        self.line(left_ns, self.level + limit.copysign(slope) * left_ns);
        false
    }

    fn line(&mut self, duration_ns: f64, to: f64) {
        let line = Line { start_ns: self.now_ns, duration_ns, from: self.level, to };
        if line.from != line.to {
            self.lines.push(line);
        }
        self.now_ns += duration_ns;
        self.level = to;
    }
}

impl Line {
    /// The users that start on it, in order.
    fn risen(&self) -> std::ops::Range<u32> {
        // The casts saturate: a level is not below zero.
        if self.to > self.from { self.from as u32..self.to as u32 } else { 0..0 }
    }

    fn rise_ns(&self, user: u32) -> u64 {
        self.crossing_ns((f64::from(user) + 1.0 - self.from) / (self.to - self.from))
    }

    /// When the user leaves, if it leaves on this line.
    fn fall_ns(&self, user: u32) -> Option<u64> {
        let needed = f64::from(user) + 1.0;
        let falls = self.to < needed && needed <= self.from;
        falls.then(|| self.crossing_ns((self.from - needed) / (self.from - self.to)))
    }

    fn crossing_ns(&self, share: f64) -> u64 {
        (self.start_ns + share * self.duration_ns).round() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    fn levels(stages: &[(u64, f64, f64, f64)]) -> Levels {
        let stage = |&(seconds, from, to, spawn_rate)| StageRow {
            duration_ns: seconds * S,
            from,
            to,
            spawn_rate,
        };
        Levels::new(&stages.iter().map(stage).collect::<Vec<_>>())
    }

    /// Starts and leaves in milliseconds, by user.
    fn lives(levels: &Levels) -> Vec<(u32, u64, u64)> {
        let ms = |ns: u64| (ns + 500_000) / 1_000_000;
        levels.lives().map(|life| (life.user, ms(life.start_ns), ms(life.leave_ns))).collect()
    }

    /// How many users are there.
    fn there(levels: &Levels, at_ns: u64) -> usize {
        levels.lives().filter(|life| (life.start_ns..life.leave_ns).contains(&at_ns)).count()
    }

    #[test]
    fn a_step_is_climbed_at_the_spawn_rate_the_first_user_at_once() {
        let levels = levels(&[(10, 4.0, 4.0, 0.5)]);
        let expected = [(0, 0, 10_000), (1, 2_000, 10_000), (2, 4_000, 10_000), (3, 6_000, 10_000)];
        assert_eq!(lives(&levels), expected);
    }

    #[test]
    fn a_spike_comes_and_goes_at_the_spawn_rate() {
        let levels = levels(&[(5, 1.0, 1.0, 2.0), (5, 3.0, 3.0, 2.0), (5, 1.0, 1.0, 2.0)]);
        let expected = [(0, 0, 15_000), (1, 5_000, 10_500), (2, 5_500, 10_000)];
        assert_eq!(lives(&levels), expected);
        assert_eq!(levels.end_ns(), 15 * S);
    }

    #[test]
    fn a_linear_ramp_is_followed_user_by_user_and_a_user_may_come_back() {
        let levels = levels(&[(4, 0.0, 4.0, 1e9), (4, 4.0, 2.0, 1e9), (2, 2.0, 4.0, 1e9)]);
        let expected =
            [(0, 1_000, 10_000), (1, 2_000, 10_000), (2, 3_000, 6_000), (2, 9_000, 10_000)];
        // User 3 would come at the very top of each ramp, for no time at all.
        assert_eq!(lives(&levels), expected);
    }

    #[test]
    fn a_ramp_steeper_than_the_spawn_rate_is_left_behind() {
        let levels = levels(&[(4, 0.0, 40.0, 1.0), (4, 6.0, 6.0, 1.0)]);
        // Four users by 4 s; two more of the step at the rate, without one at once.
        let starts: Vec<_> = lives(&levels).iter().map(|life| life.1).collect();
        assert_eq!(starts, [1_000, 2_000, 3_000, 4_000, 5_000, 6_000]);
    }

    #[test]
    fn a_soak_is_the_references_formula_at_every_tenth_of_a_second() {
        let (users, ramp, hold, cool) = (37.0, 20.0, 5.0, 11.0);
        let first = ramp / users;
        let ns = |seconds: f64| (seconds * 1e9).round() as u64;
        let stages = [
            (ns(first), 1.0, 1.0),
            (ns(ramp - first), 1.0, users),
            (ns(hold), users, users),
            (ns(cool), users, 0.0),
        ];
        let stage = |(duration_ns, from, to)| StageRow { duration_ns, from, to, spawn_rate: 3.7 };
        let levels = Levels::new(&stages.map(stage));
        for step in 0..360 {
            // Beside the very moments at which users change.
            let at = f64::from(step) / 10.0 + 0.000_01;
            let expected = if at < ramp {
                f64::max(1.0, (users * at / ramp).trunc())
            } else if at < ramp + hold {
                users
            } else {
                (users * (1.0 - (at - ramp - hold) / cool)).trunc().max(0.0)
            };
            assert_eq!(there(&levels, ns(at)) as f64, expected, "at {at} s");
        }
        assert_eq!(there(&levels, levels.end_ns()), 0);
    }

    #[test]
    fn users_are_those_of_a_simulation_in_small_steps_but_for_one_at_once_a_stage() {
        let mut random = 7_u64;
        let mut draw = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 33) % below
        };
        for _ in 0..200 {
            let mut stages = Vec::new();
            for _ in 0..1 + draw(5) {
                let duration_ns = (1 + draw(5)) * S;
                let (from, to) = (draw(30) as f64, draw(30) as f64);
                let spawn_rate = (1 + draw(40)) as f64 / 4.0;
                stages.push(StageRow { duration_ns, from, to, spawn_rate });
            }
            let levels = Levels::new(&stages);
            let (mut now_ns, mut level) = (0, 0.0_f64);
            for (stage, at_once) in stages.iter().zip(1..) {
                for step in 0..stage.duration_ns / 1_000_000 {
                    let share = (step * 1_000_000) as f64 / stage.duration_ns as f64;
                    let target = stage.from + (stage.to - stage.from) * share;
                    let most = stage.spawn_rate / 1e3;
                    level += (target - level).clamp(-most, most);
                    now_ns += 1_000_000;
                    if step % 97 == 0 && now_ns < levels.end_ns() {
                        let users = there(&levels, now_ns) as f64;
                        let most = level + f64::from(at_once) + 0.02;
                        assert!(
                            (level - 1.02..=most).contains(&users),
                            "{users} for {level}: {stages:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_comes_of_nothing() {
        assert_eq!(levels(&[]).lives().count(), 0);
        assert_eq!(levels(&[(0, 5.0, 5.0, 1.0)]).lives().count(), 0);
        assert_eq!(levels(&[(5, 0.9, 0.9, 1.0)]).lives().count(), 0);
    }
}
