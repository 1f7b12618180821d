//! Runs to sum up, made of samples as shards would record them.

use std::time::Duration;

use ld_results::{
    Counters, GeneratorHealth, Recorder, RunInfo, Sample, ScenarioUsers, ShardBusy, Summary, Totals,
};

/// A shard that was fully busy in so many of 60 seconds.
pub(crate) fn busy(full_seconds: u32) -> ShardBusy {
    let mut shard = ShardBusy::default();
    for second in 0..60 {
        shard.add_second(if second < full_seconds { 0.99 } else { 0.02 });
    }
    shard
}

/// A run and everything measured in it.
pub(crate) struct Run {
    pub(crate) info: RunInfo,
    pub(crate) health: GeneratorHealth,
    pub(crate) recorder: Recorder,
}

impl Run {
    /// A minute of 200 users on two threads, with nothing recorded yet.
    pub(crate) fn of(names: &[&str]) -> Self {
        let mut health = GeneratorHealth { shards: vec![busy(0); 2], ..GeneratorHealth::default() };
        health.cpu_user = Duration::from_millis(600);
        health.cpu_system = Duration::from_millis(1200);
        health.wall = Duration::from_secs(60);
        Self {
            info: RunInfo {
                groups: Vec::new(),
                plan: "checkout.json".to_owned(),
                names: names.iter().map(|&name| name.to_owned()).collect(),
                scenarios: vec!["shop".to_owned(); names.len()],
                scenario_users: vec![ScenarioUsers {
                    name: "shop".to_owned(),
                    planned: 200,
                    started: 200,
                }],
                users_planned: 200,
                users_started: 200,
                duration_planned: Some(Duration::from_secs(60)),
                duration: Duration::from_millis(60_004),
                warmup: Duration::ZERO,
                arrivals: None,
                started_at_s: 1_760_000_000.25,
                seed: 7,
                interrupted: false,
                ..RunInfo::default()
            },
            health,
            recorder: Recorder::new(names.len()),
        }
    }

    /// Two names, a short tail, two failures.
    pub(crate) fn checkout() -> Self {
        let mut run = Self::of(&["login", "orders"]);
        run.requests(0, 5_118, 1_100_000);
        run.requests(1, 5_118, 900_000);
        for second in [14, 15] {
            run.failure(0, "assertion", "status_code expected 200, got 503", second * 1_000);
        }
        run.recorder.counters = Counters {
            connections_opened: 201,
            connections_reopened: 1,
            ticks: 5_118,
            ..Counters::default()
        };
        run.late(10_000, 30_000);
        run
    }

    /// `count` successes that take `least_ns` and more, one in a hundred ten times as long.
    pub(crate) fn requests(&mut self, series: u32, count: u64, least_ns: u64) {
        self.late_requests(series, count, least_ns, 20_000);
    }

    /// The same, each sent `late_ns` after it was due.
    pub(crate) fn late_requests(&mut self, series: u32, count: u64, least_ns: u64, late_ns: u64) {
        for step in 0..count {
            let usual_ns = least_ns + least_ns * (step * 7919 % 1000) / 2000;
            let took_ns = if step % 100 == 99 { usual_ns * 10 } else { usual_ns };
            self.recorder.record(&Sample {
                series,
                due_ns: 0,
                sent_ns: late_ns,
                done_ns: late_ns + took_ns,
                connect_ns: if step < 100 { 90_000 } else { 0 },
                tls_ns: if step < 100 { 800_000 } else { 0 },
                first_byte_ns: took_ns / 2,
                bytes_out: 205,
                bytes_in: 957,
                failed: false,
                unresolved: 0,
                soft_failures: 0,
            });
        }
    }

    /// A request that failed after a millisecond.
    pub(crate) fn failure(&mut self, series: u32, class: &'static str, text: &str, at_ms: u64) {
        let due_ns = at_ms * 1_000_000;
        self.recorder.record(&Sample {
            series,
            due_ns,
            sent_ns: due_ns + 20_000,
            done_ns: due_ns + 1_000_000,
            failed: true,
            ..Sample::default()
        });
        self.recorder.fail(series, class, text, due_ns);
    }

    /// `count` sends up to `most_ns` late.
    pub(crate) fn late(&mut self, count: u64, most_ns: u64) {
        for step in 0..count {
            self.recorder.late(most_ns * step / count);
        }
    }

    pub(crate) fn totals(&mut self) -> Totals {
        let mut totals = Totals::new(self.info.names.len());
        totals.absorb(&mut self.recorder);
        totals
    }

    pub(crate) fn summary(&mut self) -> Summary {
        let totals = self.totals();
        Summary::new(&self.info, &totals, &self.health)
    }
}
