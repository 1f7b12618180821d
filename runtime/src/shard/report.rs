//! What a shard says of itself: its recorder, whole, and how it is doing.

use std::{cell::Cell, io, rc::Rc, time::Duration};

use ld_drivers::net::{Exhausted, Net};
use ld_results::Recorder;
use tokio::sync::mpsc::UnboundedSender;

use super::{ArrivalCounts, Shard};
use crate::health::CpuTime;

/// What a shard hands over once a second and at its end.
pub(crate) struct Report {
    pub(crate) shard: usize,
    /// What it measured since its last report.
    pub(crate) recorder: Recorder,
    pub(crate) state: ShardState,
    /// Time since its last report.
    pub(crate) since_last: Duration,
    /// The share of that time in which it was at work, 0–1.
    pub(crate) busy: f64,
}

/// How a shard stands when it reports.
#[derive(Clone, Default)]
pub(crate) struct ShardState {
    /// Users running now.
    pub(crate) active: u32,
    /// Users of each scenario of the run that have started so far.
    pub(crate) started: Vec<u32>,
    /// What became of starts so far.
    pub(crate) arrivals: ArrivalCounts,
    /// Processor time its thread has used so far.
    pub(crate) cpu: CpuTime,
    /// Connections it could not open so far because the machine ran out of something.
    pub(crate) exhausted: Exhausted,
}

/// Makes the reports of one shard, and remembers what the last one said.
pub(super) struct Reporter {
    shard: usize,
    out: UnboundedSender<Report>,
    net: Rc<Net>,
    last_ns: u64,
    /// Processor time of the thread at the last report, spinning not counted.
    last_work: Duration,
    last_opened: u64,
    last_reopened: u64,
    last_dropped: u64,
    last_abandoned: u64,
}

impl Reporter {
    pub(super) fn new(shard: usize, out: UnboundedSender<Report>, net: Rc<Net>) -> Self {
        Self {
            shard,
            out,
            last_ns: net.now_ns(),
            net,
            last_work: Duration::ZERO,
            last_opened: 0,
            last_reopened: 0,
            last_dropped: 0,
            last_abandoned: 0,
        }
    }

    /// Hands over what was recorded; recording goes on in `spare`.
    ///
    /// # Errors
    /// When the thread's processor time cannot be told.
    pub(super) fn report(&mut self, shard: &Shard, spare: Recorder) -> io::Result<()> {
        let cpu = CpuTime::of_this_thread()?;
        let work = cpu.total().saturating_sub(Duration::from_nanos(shard.pacer.spun_ns()));
        let now_ns = self.net.now_ns();
        let since_last = Duration::from_nanos(now_ns - self.last_ns);
        let worked = work.saturating_sub(self.last_work);
        let busy = worked.as_secs_f64() / since_last.as_secs_f64().max(f64::MIN_POSITIVE);
        (self.last_ns, self.last_work) = (now_ns, work);

        let mut recorder = shard.hand_over(spare);
        let (opened, reopened) = (self.net.counters.opened(), self.net.counters.reopened());
        recorder.counters.connections_opened += opened - self.last_opened;
        recorder.counters.connections_reopened += reopened - self.last_reopened;
        (self.last_opened, self.last_reopened) = (opened, reopened);
        let dropped = self.net.counters.dropped();
        recorder.counters.dropped_messages += dropped - self.last_dropped;
        self.last_dropped = dropped;
        // Whose connection was still being opened has sent nothing that could be cut.
        let abandoned = self.net.counters.abandoned();
        let unsent = abandoned - self.last_abandoned;
        recorder.counters.cut = recorder.counters.cut.saturating_sub(unsent);
        self.last_abandoned = abandoned;

        // Nobody listens any more when the run failed; then nobody misses the report.
        let _ = self.out.send(Report {
            shard: self.shard,
            recorder,
            state: ShardState {
                active: shard.active.get(),
                started: shard.started.iter().map(Cell::get).collect(),
                arrivals: shard.arrivals(),
                cpu,
                exhausted: self.net.counters.exhausted(),
            },
            since_last,
            busy: busy.min(1.0),
        });
        Ok(())
    }
}
