//! One shard: a thread with its own event loop, users, connections, pacer and recorder.
//!
//! [`Shard`] is what the users of a shard share; [`thread`] is the life of the thread itself.

mod pool;
mod report;
mod start;
mod thread;

use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    io, mem,
    rc::Rc,
    sync::Arc,
};

use ld_drivers::{Stamps, net::Net};
use ld_results::Recorder;
use ld_vm::program::{RunId, SourceId, ThrottleId};
use ld_vm::{Effect, Linked, Resume, Sample, ScratchPool, User, World};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, spawn_local};

pub(crate) use self::{
    pool::{ArrivalCounts, Hired, Pool, Start},
    report::{Report, ShardState},
    thread::{Job, run},
};
use crate::{
    conditioner::{Conditions, Network},
    pacer::{Pacer, Spin},
    sources::ShardRows,
    throttle::Throttles,
    user::Group,
    wall::WallClock,
};

/// What the users of a shard share. Nothing of it leaves its thread.
pub(crate) struct Shard {
    pub(crate) linked: Arc<Linked>,
    pub(crate) pacer: Pacer,
    throttles: Arc<Throttles>,
    conditions: Option<Arc<Conditions>>,
    wall: WallClock,
    desk: RefCell<Desk>,
    /// The run is over: nothing new is begun.
    over: Cell<bool>,
    /// What has to end before the shard does: users, and whatever may start more of them.
    left: Cell<usize>,
    /// What is due before this time is left out of the statistics.
    warm_ns: u64,
    /// It is for one tick beside the load of a run.
    apart: bool,
    /// The first failure ends it.
    gives_up: bool,
    pools: RefCell<Vec<Rc<Pool>>>,
    /// Users started, by scenario of the run.
    started: Box<[Cell<u32>]>,
    active: Cell<u32>,
    in_flight: Cell<u32>,
    /// A user ended.
    changed: Notify,
    /// The plan wants the run to end.
    pub(crate) stopped: Notify,
    /// The data source that ended the run.
    pub(crate) used_up: Cell<Option<SourceId>>,
}

/// What a step of the machine works with; borrowed for one step at a time.
struct Desk {
    rows: ShardRows,
    scratch: ScratchPool,
    recorder: Recorder,
}

impl Shard {
    /// Lets the clock of a shard and the time limits of its connections run, on this thread. The
    /// task ends when the clock fails.
    pub(crate) fn keep_time(shard: &Rc<Self>, net: &Net) -> JoinHandle<io::Result<Infallible>> {
        let deadlines = Rc::clone(&net.deadlines);
        spawn_local(async move { deadlines.sweep().await });
        let shard = Rc::clone(shard);
        spawn_local(async move { shard.pacer.run().await })
    }

    pub(crate) fn new(
        linked: Arc<Linked>,
        rows: ShardRows,
        scratch: ScratchPool,
        throttles: Arc<Throttles>,
        net: &Net,
        spin: Spin,
        run: RunId,
    ) -> io::Result<Self> {
        let tables = &linked.program().tables;
        let recorder = Recorder::new(tables.series.len());
        let run = tables.runs.get(run.index());
        let started = (0..run.map_or(0, |run| run.scenarios.count)).map(|_| Cell::new(0)).collect();
        let warm_ns = match run.map_or(0, |run| run.warmup_ns) {
            0 => 0,
            warmup_ns => net.now_ns().saturating_add(warmup_ns),
        };
        Ok(Self {
            linked,
            pacer: Pacer::new(net.clock, spin)?,
            throttles,
            conditions: None,
            wall: WallClock::new(),
            desk: RefCell::new(Desk { rows, scratch, recorder }),
            over: Cell::new(false),
            left: Cell::new(0),
            warm_ns,
            apart: false,
            gives_up: false,
            pools: RefCell::default(),
            started,
            active: Cell::new(0),
            in_flight: Cell::new(0),
            changed: Notify::new(),
            stopped: Notify::new(),
            used_up: Cell::new(None),
        })
    }

    /// For what is done beside the load of a run: it has no warm-up, and may give up at the
    /// first failure.
    pub(crate) fn apart(mut self, gives_up: bool) -> Self {
        (self.warm_ns, self.apart, self.gives_up) = (0, true, gives_up);
        self
    }

    /// Makes the shard live until as much more is [done](Self::done).
    pub(crate) fn expect(&self, more: usize) {
        self.left.set(self.left.get() + more);
    }

    /// A user has ended, or what started users starts no more.
    pub(crate) fn done(&self) {
        self.left.set(self.left.get() - 1);
        self.changed.notify_one();
    }

    /// Whether anything is expected still.
    pub(crate) fn is_live(&self) -> bool {
        self.left.get() > 0
    }

    /// Starts the ticks of a pool, which is [done](Self::done) when there are no more.
    pub(crate) fn open(&self, pool: &Rc<Pool>) {
        self.pools.borrow_mut().push(Rc::clone(pool));
        pool.pass_on(self);
    }

    /// What became of the starts of all pools.
    pub(crate) fn arrivals(&self) -> ArrivalCounts {
        self.pools.borrow().iter().fold(ArrivalCounts::default(), |sum, pool| {
            let ArrivalCounts { started, late, missed, users } = pool.counts();
            ArrivalCounts {
                started: sum.started + started,
                late: sum.late + late,
                missed: sum.missed + missed,
                users: sum.users + users,
            }
        })
    }

    /// Steps a user.
    pub(crate) fn step<'u>(&'u self, user: &'u mut User, resume: Resume<'_>) -> Effect<'u> {
        let Desk { rows, scratch, .. } = &mut *self.desk.borrow_mut();
        user.step(&self.linked, &mut World { rows, clock: &self.wall, scratch }, resume)
    }

    /// Files the outcome of a request.
    pub(crate) fn record(&self, sample: &Sample<'_>, due_ns: u64, stamps: &Stamps) {
        let &Stamps { sent_ns, done_ns, connect_ns, tls_ns, first_byte_ns, .. } = stamps;
        let &Stamps { bytes_out, bytes_in, .. } = stamps;
        let series = sample.series.0;
        let recorder = &mut self.desk.borrow_mut().recorder;
        if due_ns < self.warm_ns {
            recorder.counters.warmup_requests += 1;
            recorder.counters.warmup_failures += u64::from(sample.failure.is_some());
            return;
        }
        recorder.record(&ld_results::Sample {
            series,
            unresolved: sample.unresolved,
            soft_failures: sample.soft_failures,
            due_ns,
            sent_ns,
            done_ns,
            connect_ns,
            tls_ns,
            first_byte_ns: first_byte_ns.saturating_sub(sent_ns),
            bytes_out,
            bytes_in,
            failed: sample.failure.is_some(),
        });
        if sample.attempt > 0 {
            recorder.counters.retried += 1;
            recorder.counters.recovered += u64::from(sample.failure.is_none());
        }
        if let Some(failure) = &sample.failure {
            recorder.fail(series, failure.class.name(), failure.text, done_ns);
            if self.gives_up {
                self.end();
            }
        }
    }

    /// Waits, and files how late the wait ended.
    pub(crate) async fn wait_until(&self, due_ns: u64) {
        self.pacer.until(due_ns).await;
        if !self.is_over() && due_ns >= self.warm_ns {
            let late_ns = self.pacer.clock().now_ns().saturating_sub(due_ns);
            self.desk.borrow_mut().recorder.late(late_ns);
        }
    }

    /// The same for what is done only before a time, at which whoever waits leaves: that is no lateness.
    pub(crate) async fn wait_within(&self, due_ns: u64, leave_ns: u64) {
        if due_ns < leave_ns {
            self.wait_until(due_ns).await;
        } else {
            self.pacer.until(leave_ns).await;
        }
    }

    /// Files the time of a group that ended at `end_ns`.
    pub(crate) fn record_group(&self, group: &Group, end_ns: u64) {
        let time_ns = end_ns.saturating_sub(group.begin_ns);
        self.desk.borrow_mut().recorder.record_group(group.series.0, time_ns, group.failed);
    }

    /// Counts a tick that looped without doing anything.
    pub(crate) fn count_stuck(&self) {
        self.desk.borrow_mut().recorder.counters.stuck_ticks += 1;
        if self.apart {
            self.end();
        }
    }

    /// Whether the first failure ends it, also before steps that wait for nothing.
    pub(crate) const fn gives_up(&self) -> bool {
        self.gives_up
    }

    /// Ends the run, on all shards.
    pub(crate) fn stop_run(&self) {
        self.stopped.notify_one();
    }

    /// Takes a turn of a throttle for what is due at a time. Says when the turn is, if it is not
    /// now, and for how long it is to be waited.
    pub(crate) fn turn(&self, throttle: ThrottleId, due_ns: u64) -> Option<(u64, u64)> {
        let now_ns = self.pacer.clock().now_ns();
        let turn_ns = self.throttles.reserve(throttle, now_ns);
        let wait_ns = turn_ns - now_ns;
        if wait_ns == 0 {
            return None;
        }
        if due_ns >= self.warm_ns {
            let counters = &mut self.desk.borrow_mut().recorder.counters;
            counters.throttled += 1;
            counters.throttled_ns = counters.throttled_ns.saturating_add(wait_ns);
        }
        Some((turn_ns, wait_ns))
    }

    /// With a network that is made worse, if it is to be.
    pub(crate) fn conditioned(self, conditions: Option<Arc<Conditions>>) -> Self {
        Self { conditions, ..self }
    }

    /// The network of a user, where it is made worse on purpose.
    pub(crate) fn network(&self, user: u32) -> Option<Network<'_>> {
        self.conditions.as_deref().map(|conditions| conditions.network(user))
    }

    /// Waits for so many nanoseconds; says when that began.
    pub(crate) async fn hold(&self, held_ns: u64) -> u64 {
        let begin_ns = self.pacer.clock().now_ns();
        self.pacer.until(begin_ns.saturating_add(held_ns)).await;
        begin_ns
    }

    /// Ends the run as a failure: a data source has no more rows.
    pub(crate) fn used_up(&self, source: SourceId) {
        self.used_up.set(Some(source));
        self.stop_run();
    }

    /// Counts a tick that was due at a time.
    pub(crate) fn count_tick(&self, due_ns: u64) {
        if due_ns >= self.warm_ns {
            self.desk.borrow_mut().recorder.counters.ticks += 1;
        }
    }

    /// Counts a tick that took longer than its pace.
    pub(crate) fn count_overrun(&self, due_ns: u64) {
        if due_ns >= self.warm_ns {
            self.desk.borrow_mut().recorder.counters.overruns += 1;
        }
    }

    /// Hands over what was recorded; recording goes on in `spare`.
    pub(crate) fn hand_over(&self, spare: Recorder) -> Recorder {
        self.desk.borrow_mut().recorder.take(spare)
    }

    /// Ends the run: waits end now, and no request is begun any more.
    pub(crate) fn end(&self) {
        self.over.set(true);
        let now_ns = self.pacer.clock().now_ns();
        self.pools.borrow().iter().for_each(|pool| pool.end(self, now_ns));
        self.pacer.release();
    }

    /// Users that run and have no request under way.
    pub(crate) fn idle_users(&self) -> u32 {
        self.active.get() - self.in_flight.get()
    }

    /// Whether the run is over and users are to end.
    pub(crate) fn is_over(&self) -> bool {
        self.over.get()
    }

    /// The place of a user that starts now, of the run's n-th scenario; it is free again when
    /// dropped.
    pub(crate) fn seat(&self, scenario: u32) -> Seat<'_> {
        if let Some(started) = self.started.get(scenario as usize) {
            started.set(started.get() + 1);
        }
        self.active.set(self.active.get() + 1);
        Seat(self)
    }

    /// Marks that a request is under way. The end of a run cuts it, unless its user is
    /// `leaving`: then it is waited for a little, as for a user between requests.
    pub(crate) fn take_off(&self, leaving: bool) -> Flight<'_> {
        let weight = u32::from(!leaving);
        self.in_flight.set(self.in_flight.get() + weight);
        Flight { shard: self, weight, requests: 1 }
    }

    /// The same for all that a user does at once; the requests themselves
    /// [take off](Self::take_off) as if it were leaving.
    pub(crate) fn take_off_together(&self, leaving: bool) -> Flight<'_> {
        let weight = u32::from(!leaving);
        self.in_flight.set(self.in_flight.get() + weight);
        Flight { shard: self, weight, requests: 0 }
    }
}

/// See [`Shard::seat`].
pub(crate) struct Seat<'s>(&'s Shard);

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.active.set(self.0.active.get() - 1);
        self.0.done();
    }
}

/// A request under way. One that is dropped before it [landed](Self::land) was cut.
#[must_use]
pub(crate) struct Flight<'s> {
    shard: &'s Shard,
    /// What it counts for among those under way.
    weight: u32,
    /// How many are cut with it.
    requests: u32,
}

impl Flight<'_> {
    pub(crate) fn land(self) {
        self.shard.in_flight.set(self.shard.in_flight.get() - self.weight);
        mem::forget(self);
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.shard.in_flight.set(self.shard.in_flight.get() - self.weight);
        self.shard.desk.borrow_mut().recorder.counters.cut += u64::from(self.requests);
    }
}
