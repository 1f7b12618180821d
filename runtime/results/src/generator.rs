//! Can the figures be believed? The generator judges itself.
//!
//! A load generator that is too slow measures itself instead of its target, and its report looks
//! just as tidy. So every run ends with a verdict. The rules, in `docs/verdict.md` for users:
//!
//! | Observation | Verdict |
//! |---|---|
//! | p99 of lateness, over all requests, above 10 ms and above 10 % of the median response time | INVALID |
//! | the same above 1 ms and above 5 % of the median response time | SUSPECT |
//! | a shard at least 95 % busy in more than 10 % of its seconds | SUSPECT |
//! | local ports, file descriptors or memory for sockets ran out | INVALID |
//! | no request finished | INVALID |
//! | fewer users started than planned | SUSPECT |
//! | ticks that were to start at a rate had to wait for a user | SUSPECT |
//!
//! A busy core alone is not INVALID: users who never wait keep a core busy by design, and no due
//! time is missed. But the rate is then what the generator can do, not what the target can, and
//! replies lie unread while other users are served, so it is not VALID either. Lateness is compared
//! with the median response time because a few milliseconds spoil the figures of a target that
//! answers in one and do not matter to one that takes a second. It counts over all requests because
//! those without a due time of their own, sent as soon as the last reply was in, are never late: a
//! few late starts of users who then make a million requests spoil nothing.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::render::units;
use crate::summary::{Arrivals, RunInfo};
use crate::totals::Totals;

/// A shard is fully busy in a second in which it was at least this share of it at work.
const FULLY_BUSY: f64 = 0.95;
/// Fully busy seconds beyond this share of all are more than start-up or a hiccup.
const TOLERATED_BUSY: f64 = 0.1;

const SUSPECT_LATENESS: Limit = Limit { floor_ns: 1e6, of_median: 0.05 };
const INVALID_LATENESS: Limit = Limit { floor_ns: 10e6, of_median: 0.1 };

/// What the generator saw of itself. Lateness is in [`Totals`], since shards record it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GeneratorHealth {
    /// Processor time the process spent in its own code.
    pub cpu_user: Duration,
    /// Processor time the kernel spent for the process.
    pub cpu_system: Duration,
    /// Time over which that was measured.
    pub wall: Duration,
    /// How busy each shard was.
    pub shards: Vec<ShardBusy>,
    /// Connections that failed because no local port was free.
    pub ports_exhausted: u64,
    /// Connections that failed because the process may not open more descriptors.
    pub descriptors_exhausted: u64,
    /// Connections that failed because the system had no memory for their sockets.
    pub memory_exhausted: u64,
    /// How many descriptors the process may open, if known.
    pub descriptor_limit: Option<u64>,
}

/// How busy one shard was, second by second, in constant space.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ShardBusy {
    /// Seconds observed.
    pub seconds: u32,
    /// Seconds in which the shard was at least 95 % busy.
    pub full_seconds: u32,
    /// Sum of the shares of all seconds.
    pub sum: f64,
    /// The largest share, 0–1.
    pub max: f64,
}

/// Whether the generator's figures can be believed, and if not, why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The worst that any rule found.
    pub state: VerdictState,
    /// One sentence or more per rule that found something, the worst first: what, and what to do.
    pub reasons: Vec<String>,
}

/// From good to bad.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum VerdictState {
    /// The figures describe the target.
    #[default]
    Valid,
    /// The figures may partly describe the generator.
    Suspect,
    /// The figures describe the generator rather than the target.
    Invalid,
}

impl GeneratorHealth {
    /// A generator of `shards` shards that has seen nothing yet.
    #[must_use]
    pub fn new(shards: usize) -> Self {
        Self { shards: vec![ShardBusy::default(); shards], ..Self::default() }
    }

    /// Processor time used per second of the run: 1.0 is one whole core.
    #[must_use]
    pub fn cores(&self) -> f64 {
        let wall = self.wall.as_secs_f64();
        if wall > 0.0 { (self.cpu_user + self.cpu_system).as_secs_f64() / wall } else { 0.0 }
    }

    /// The shard with the most fully busy seconds, if that is more than hiccups explain.
    fn saturated(&self) -> Option<(usize, &ShardBusy)> {
        let saturated = self.shards.iter().enumerate().filter(|(_, shard)| shard.is_saturated());
        saturated.max_by_key(|(_, shard)| shard.full_seconds)
    }
}

impl ShardBusy {
    /// Adds one second in which the shard was at work for `share` (0–1) of it.
    ///
    /// Time spent spinning until a due time is waiting, not work, and must not be in it.
    pub fn add_second(&mut self, share: f64) {
        self.seconds += 1;
        self.full_seconds += u32::from(share >= FULLY_BUSY);
        self.sum += share;
        self.max = self.max.max(share);
    }

    /// The mean share, 0–1.
    #[must_use]
    pub fn mean(&self) -> f64 {
        if self.seconds == 0 { 0.0 } else { self.sum / f64::from(self.seconds) }
    }

    fn is_saturated(&self) -> bool {
        f64::from(self.full_seconds) > TOLERATED_BUSY * f64::from(self.seconds)
    }
}

impl Verdict {
    /// The verdict on a run that is still going on: only on the generator itself.
    #[must_use]
    pub fn so_far(health: &GeneratorHealth, totals: &Totals) -> Self {
        let mut verdict = Self::default();
        verdict.judge_resources(health);
        verdict.judge_pace(health, totals);
        verdict
    }

    /// The verdict on a run that has ended.
    #[must_use]
    pub fn at_end(run: &RunInfo, health: &GeneratorHealth, totals: &Totals) -> Self {
        let mut verdict = Self::so_far(health, totals);
        if totals.requests() == 0 {
            verdict
                .add(VerdictState::Invalid, "No request finished, so there are no figures.".into());
        }
        if run.users_started < run.users_planned {
            let (ended, cure) = if run.interrupted {
                ("was interrupted", "Let it go on for longer.")
            } else {
                ("ended", "Make it longer or raise the spawn rate.")
            };
            verdict.add(
                VerdictState::Suspect,
                format!(
                    "Only {} of {} planned users had started when the run {ended}, so it never \
                     bore the planned load. {cure}",
                    units::count(run.users_started),
                    units::count(run.users_planned),
                ),
            );
        }
        if let Some(arrivals) = run.arrivals
            && arrivals.late + arrivals.missed > 0
        {
            let Arrivals { started, late, missed, max_users, .. } = arrivals;
            let never = match missed {
                0 => String::new(),
                missed => format!(" and {} did not start at all", units::count(missed)),
            };
            verdict.add(
                VerdictState::Suspect,
                format!(
                    "{} of {} ticks had to wait for a user{never}, because all {} were busy: the \
                     target did not get the planned rate. Response times include the waiting. \
                     Raise `max_users`, or take the rate for more than the target can do.",
                    units::count(late),
                    units::count(started),
                    units::count(max_users),
                ),
            );
        }
        verdict
    }

    fn judge_resources(&mut self, health: &GeneratorHealth) {
        if health.ports_exhausted > 0 {
            self.add(
                VerdictState::Invalid,
                format!(
                    "This machine had no free local port for {} connections, so their requests \
                     were never sent. Keep connections open between requests, widen \
                     net.ipv4.ip_local_port_range, or use more machines.",
                    units::count(health.ports_exhausted),
                ),
            );
        }
        if health.descriptors_exhausted > 0 {
            let limit = match health.descriptor_limit {
                Some(limit) => format!(" (it may open {})", units::count(limit)),
                None => String::new(),
            };
            self.add(
                VerdictState::Invalid,
                format!(
                    "The generator ran out of file descriptors{limit} for {} connections, so their \
                     requests were never sent. Raise the limit with `ulimit -n`, or use fewer \
                     users.",
                    units::count(health.descriptors_exhausted),
                ),
            );
        }
        if health.memory_exhausted > 0 {
            self.add(
                VerdictState::Invalid,
                format!(
                    "This machine had no memory for the sockets of {} connections, so their \
                     requests were never sent. Use fewer users or more machines.",
                    units::count(health.memory_exhausted),
                ),
            );
        }
    }

    fn judge_pace(&mut self, health: &GeneratorHealth, totals: &Totals) {
        let p99_ns = lateness_p99_ns(totals);
        let median_ns = totals.response().percentile(50.0);
        let state = if INVALID_LATENESS.is_exceeded(p99_ns, median_ns) {
            VerdictState::Invalid
        } else if SUSPECT_LATENESS.is_exceeded(p99_ns, median_ns) {
            VerdictState::Suspect
        } else {
            VerdictState::Valid
        };
        let late = format!(
            "late by up to {} (p99 {}, against a median response time of {})",
            units::duration_ns(totals.lateness().max() as f64),
            units::duration_ns(p99_ns),
            units::duration_ns(median_ns),
        );
        match (state, health.saturated()) {
            (VerdictState::Valid, None) => {}
            (VerdictState::Valid, Some((core, busy))) => self.add(
                VerdictState::Suspect,
                format!(
                    "The generator was at its limit: {}. The rate is what the generator can do, not what the target can, and \
                     response times include replies waiting to be read. Use more threads or \
                     machines to load the target fully, or let users wait between requests.",
                    Saturation { core, busy },
                ),
            ),
            (state, Some((core, busy))) => self.add(
                state,
                format!(
                    "The generator was the bottleneck: {} and sends were {late}. Response times \
                     include that lateness. Use more threads or machines, or fewer users.",
                    Saturation { core, busy },
                ),
            ),
            (state, None) => self.add(
                state,
                format!(
                    "Sends were {late}, though no core of the generator was busy: something else \
                     on this machine held it up. Response times include that lateness. Stop what \
                     else is running here, or use another machine.",
                ),
            ),
        }
    }

    /// Adds a reason, keeping the worst first.
    fn add(&mut self, state: VerdictState, reason: String) {
        if state > self.state {
            self.state = state;
            self.reasons.insert(0, reason);
        } else {
            self.reasons.push(reason);
        }
    }
}

impl fmt::Display for VerdictState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Valid => "VALID",
            Self::Suspect => "SUSPECT",
            Self::Invalid => "INVALID",
        })
    }
}

/// The 99th percentile of lateness over all requests, those without a due time being on time.
fn lateness_p99_ns(totals: &Totals) -> f64 {
    let lateness = totals.lateness();
    let timed = lateness.count() as f64;
    // How many of the timed ones may be late for one in a hundred of all to be.
    let tolerated = 0.01 * (totals.requests() as f64).max(timed);
    if tolerated >= timed { 0.0 } else { lateness.percentile(100.0 * (1.0 - tolerated / timed)) }
}

/// A lateness is too much when it is above both a floor and a share of the median response time.
struct Limit {
    floor_ns: f64,
    of_median: f64,
}

impl Limit {
    fn is_exceeded(&self, lateness_ns: f64, median_ns: f64) -> bool {
        lateness_ns > self.floor_ns.max(self.of_median * median_ns)
    }
}

struct Saturation<'a> {
    core: usize,
    busy: &'a ShardBusy,
}

impl fmt::Display for Saturation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { core, busy } = self;
        write!(f, "core {core} was over 95 % busy for {} of {} s", busy.full_seconds, busy.seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorder::{Recorder, Sample};

    /// Totals of requests that took `response_us` each, while sends were `late_us` late.
    fn totals(response_us: u64, late_us: &[u64]) -> Totals {
        let mut recorder = Recorder::new(1);
        for &late_us in late_us {
            recorder.record(&Sample { done_ns: response_us * 1000, ..Sample::default() });
            recorder.late(late_us * 1000);
        }
        let mut totals = Totals::new(1);
        totals.absorb(&mut recorder);
        totals
    }

    /// A shard that was fully busy for `full` of `seconds`, beside an idle one.
    fn busy(full: u32, seconds: u32) -> GeneratorHealth {
        let mut health = GeneratorHealth::new(2);
        for second in 0..seconds {
            health.shards[0].add_second(0.1);
            health.shards[1].add_second(if second < full { 1.0 } else { 0.5 });
        }
        health
    }

    fn state(health: &GeneratorHealth, totals: &Totals) -> VerdictState {
        Verdict::so_far(health, totals).state
    }

    #[test]
    fn lateness_is_judged_against_the_median_response_time() {
        let idle = busy(0, 10);
        let cases = [
            // (median response, lateness) in microseconds
            (1_000, 41, VerdictState::Valid),
            (1_000, 990, VerdictState::Valid),
            (1_000, 1_100, VerdictState::Suspect),
            (100_000, 4_900, VerdictState::Valid),
            (100_000, 5_100, VerdictState::Suspect),
            (50_000, 9_900, VerdictState::Suspect),
            (50_000, 10_100, VerdictState::Invalid),
            (1_000_000, 45_000, VerdictState::Valid),
            (1_000_000, 90_000, VerdictState::Suspect),
            (1_000_000, 110_000, VerdictState::Invalid),
        ];
        for (response_us, late_us, expected) in cases {
            let totals = totals(response_us, &[late_us; 10]);
            assert_eq!(state(&idle, &totals), expected, "{response_us} µs, {late_us} µs late");
        }
    }

    #[test]
    fn a_rare_late_send_does_not_matter() {
        let mut late = vec![10; 1000];
        late[500] = 1_000_000;
        assert_eq!(state(&busy(0, 10), &totals(1_000, &late)), VerdictState::Valid);
    }

    #[test]
    fn late_starts_do_not_matter_among_many_requests_without_a_due_time() {
        let mut recorder = Recorder::new(1);
        (0..64).for_each(|_| recorder.late(50_000_000));
        let mut totals = totals(1_000, &[]);
        totals.absorb(&mut recorder);
        assert_eq!(state(&busy(0, 10), &totals), VerdictState::Invalid);
        for _ in 0..6_400 {
            recorder.record(&Sample { done_ns: 1_000_000, ..Sample::default() });
        }
        totals.absorb(&mut recorder);
        assert_eq!(state(&busy(0, 10), &totals), VerdictState::Valid);
    }

    #[test]
    fn a_busy_core_is_suspect_only_when_it_lasts() {
        let on_time = totals(1_000, &[10; 10]);
        assert_eq!(state(&busy(6, 60), &on_time), VerdictState::Valid);
        assert_eq!(state(&busy(7, 60), &on_time), VerdictState::Suspect);
    }

    #[test]
    fn users_that_never_wait_are_suspect_for_a_full_core_and_not_invalid() {
        let verdict = Verdict::so_far(&busy(60, 60), &totals(1_000, &[]));
        assert_eq!(verdict.state, VerdictState::Suspect);
        let reason = &verdict.reasons[0];
        assert!(
            reason.contains("core 1 was over 95 % busy for 60 of 60 s. The rate is"),
            "{reason}"
        );
    }

    #[test]
    fn the_reason_names_the_core_the_time_and_the_cure() {
        let verdict = Verdict::so_far(&busy(38, 60), &totals(190_000, &[180_000; 10]));
        assert_eq!(verdict.state, VerdictState::Invalid);
        assert_eq!(
            verdict.reasons,
            [
                "The generator was the bottleneck: core 1 was over 95 % busy for 38 of 60 s and sends \
              were late by up to 180 ms (p99 180 ms, against a median response time of 190 ms). \
              Response times include that lateness. Use more threads or machines, or fewer users."
            ]
        );
    }

    #[test]
    fn running_out_of_ports_descriptors_or_memory_is_invalid() {
        let on_time = totals(1_000, &[10; 10]);
        let ports = GeneratorHealth { ports_exhausted: 1, ..busy(0, 10) };
        let descriptors = GeneratorHealth {
            descriptors_exhausted: 3,
            descriptor_limit: Some(1024),
            ..busy(0, 10)
        };
        let memory = GeneratorHealth { memory_exhausted: 1, ..busy(0, 10) };
        for health in [&ports, &descriptors, &memory] {
            assert_eq!(state(health, &on_time), VerdictState::Invalid);
        }
        let reasons = Verdict::so_far(&descriptors, &on_time).reasons;
        assert!(reasons[0].contains("(it may open 1 024)"), "{reasons:?}");
    }

    #[test]
    fn at_the_end_missing_users_are_suspect_and_no_requests_invalid() {
        let run = RunInfo { users_planned: 200, users_started: 150, ..RunInfo::default() };
        let some = Verdict::at_end(&run, &busy(0, 10), &totals(1_000, &[10; 10]));
        assert_eq!(some.state, VerdictState::Suspect);
        let none = Verdict::at_end(&run, &busy(0, 10), &Totals::new(1));
        assert_eq!(none.state, VerdictState::Invalid);
        assert!(none.reasons[0].starts_with("No request finished"), "{:?}", none.reasons);
        assert_eq!(none.reasons.len(), 2);
    }
}
