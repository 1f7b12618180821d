//! Where all shards' reports come together while a run goes on.

use std::{sync::mpsc, time::Duration};

use ld_drivers::net::{Clock, Exhausted};
use ld_results::{
    Arrivals, Progress, Recorder, RunInfo,
    render::{SPARK_SECONDS, plain_line, progress_lines},
};
use tokio::{
    sync::{mpsc::UnboundedReceiver, watch},
    time::{Instant, MissedTickBehavior, interval_at},
};

use super::{
    Plan, Results,
    guard::{Guards, Judgement},
};
use crate::{
    health::CpuTime,
    shard::{ArrivalCounts, Report, ShardState},
    signals::Stop,
    terminal::Live,
};

const SECOND: Duration = Duration::from_secs(1);

/// How long after a full second progress is shown: by then the shards' reports are in.
const REPORTS_ARE_IN: Duration = Duration::from_millis(100);

/// A report about less than this is no sample of how busy a shard is.
const SHORTEST_SECOND: Duration = Duration::from_millis(500);

/// Adds the reports of one run to the results, and shows how it is going.
pub(super) struct Collector<'r> {
    results: &'r mut Results,
    live: &'r mut Live,
    clock: Clock,
    plan: &'r Plan,
    /// Where cleared recorders go back to, by shard.
    spares: Vec<mpsc::Sender<Recorder>>,
    /// The last state of each shard.
    shards: Vec<ShardState>,
    /// What to call the run, and how long it is to take.
    shown: RunInfo,
    /// Requests per second of the last seconds.
    rates: Vec<f64>,
    /// Time and processor time until progress was last shown.
    last_shown: (Duration, Duration),
    earlier: Earlier,
}

/// What earlier runs had come to when this one began.
struct Earlier {
    cpu: CpuTime,
    wall: Duration,
    users_started: u64,
    /// The same by scenario, of those that have a name.
    scenarios_started: Vec<u64>,
    warmup: Duration,
    arrivals: Option<Arrivals>,
    exhausted: Exhausted,
    /// Processor time of this thread.
    own_cpu: CpuTime,
}

impl<'r> Collector<'r> {
    pub(super) fn new(
        results: &'r mut Results,
        live: &'r mut Live,
        clock: Clock,
        plan: &'r Plan,
        spares: Vec<mpsc::Sender<Recorder>>,
    ) -> Self {
        let Results { health, info, .. } = &*results;
        let earlier = Earlier {
            cpu: CpuTime { user: health.cpu_user, system: health.cpu_system },
            wall: health.wall,
            users_started: info.users_started,
            scenarios_started: info.scenario_users.iter().map(|users| users.started).collect(),
            warmup: info.warmup,
            arrivals: info.arrivals,
            exhausted: Exhausted {
                ports: health.ports_exhausted,
                descriptors: health.descriptors_exhausted,
                memory: health.memory_exhausted,
            },
            own_cpu: CpuTime::of_this_thread().unwrap_or_default(),
        };
        let shown = RunInfo {
            plan: info.plan.clone(),
            duration_planned: plan.duration,
            ..RunInfo::default()
        };
        Self {
            shards: vec![ShardState::default(); spares.len()],
            results,
            live,
            clock,
            plan,
            spares,
            shown,
            rates: Vec::new(),
            last_shown: (Duration::ZERO, earlier.cpu.total()),
            earlier,
        }
    }

    /// Collects until every shard has ended. A requested stop is passed on to them by `halt`.
    pub(super) async fn collect(
        mut self,
        mut reports: UnboundedReceiver<Report>,
        mut stop: Stop,
        halt: watch::Sender<bool>,
        mut guards: Guards,
    ) -> Judgement {
        let mut look = interval_at(Instant::now() + SECOND + REPORTS_ARE_IN, SECOND);
        look.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                biased;
                report = reports.recv() => match report {
                    Some(report) => self.absorb(report, &mut guards),
                    None => break,
                },
                () = stop.wait(), if !self.results.info.interrupted => {
                    self.results.info.interrupted = true;
                    halt.send_replace(true);
                }
                _ = look.tick() => {
                    self.show();
                    if guards.look(Duration::from_nanos(self.clock.now_ns())) {
                        halt.send_replace(true);
                    }
                }
            }
        }
        self.tally();
        self.live.clear();
        guards.finish(Duration::from_nanos(self.clock.now_ns()))
    }

    fn absorb(&mut self, report: Report, guards: &mut Guards) {
        let Report { shard, mut recorder, state, since_last, busy } = report;
        guards.absorb(&recorder, Duration::from_nanos(self.clock.now_ns()));
        self.results.totals.absorb(&mut recorder);
        if let Some(spares) = self.spares.get(shard) {
            // A shard that has ended needs no spare.
            let _ = spares.send(recorder);
        }
        if let Some(last) = self.shards.get_mut(shard) {
            *last = state;
        }
        if since_last >= SHORTEST_SECOND
            && let Some(seconds) = self.results.health.shards.get_mut(shard)
        {
            seconds.add_second(busy);
        }
    }

    /// Brings what is not in the totals up to date: time, users, the generator itself.
    fn tally(&mut self) {
        let Results { health, info, .. } = &mut *self.results;
        let Earlier { cpu, wall, users_started, warmup, exhausted, own_cpu, .. } = self.earlier;
        let own = CpuTime::of_this_thread().unwrap_or_default();
        let mut cpu = cpu + (own - own_cpu);
        let mut exhausted = exhausted;
        info.users_started = users_started;
        for shard in &self.shards {
            cpu = cpu + shard.cpu;
            exhausted += shard.exhausted;
            info.users_started += shard.started.iter().copied().map(u64::from).sum::<u64>();
        }
        let run = Duration::from_nanos(self.clock.now_ns());
        info.warmup = warmup + self.plan.warmup.min(run);
        for (users, &earlier) in info.scenario_users.iter_mut().zip(&self.earlier.scenarios_started)
        {
            let nth = self.plan.scenarios.iter().position(|scenario| scenario.name == users.name);
            let started = self.shards.iter().filter_map(|shard| shard.started.get(nth?));
            users.started = earlier + started.copied().map(u64::from).sum::<u64>();
        }
        info.arrivals = self.earlier.arrivals;
        if let Some(max_users) = self.plan.max_users() {
            let arrivals = info.arrivals.get_or_insert_default();
            arrivals.add(Arrivals { max_users, ..Arrivals::default() });
            for ArrivalCounts { started, late, missed, users } in
                self.shards.iter().map(|shard| shard.arrivals)
            {
                arrivals.add(Arrivals { started, late, missed, users: users.into(), max_users: 0 });
            }
        }
        (health.cpu_user, health.cpu_system) = (cpu.user, cpu.system);
        health.wall = wall + run;
        info.duration = health.wall;
        health.ports_exhausted = exhausted.ports;
        health.descriptors_exhausted = exhausted.descriptors;
        health.memory_exhausted = exhausted.memory;
    }

    fn show(&mut self) {
        self.tally();
        let Results { totals, health, .. } = &mut *self.results;
        let elapsed = Duration::from_nanos(self.clock.now_ns());
        let cpu = health.cpu_user + health.cpu_system;
        let (last, last_cpu) = self.last_shown;
        let window = elapsed.saturating_sub(last);
        self.last_shown = (elapsed, cpu);
        let progress = Progress {
            elapsed,
            window,
            active_users: self.shards.iter().map(|shard| u64::from(shard.active)).sum(),
            cores: (cpu.saturating_sub(last_cpu)).as_secs_f64() / window.as_secs_f64(),
        };
        let snapshot = totals.snapshot(&progress, health);
        if self.rates.len() == SPARK_SECONDS {
            self.rates.remove(0);
        }
        self.rates.push(snapshot.rps);
        self.live.show(
            elapsed,
            |columns| progress_lines(&self.shown, &snapshot, &self.rates, columns),
            || plain_line(&snapshot),
        );
    }
}
