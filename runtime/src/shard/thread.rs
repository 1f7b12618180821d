//! The life of a shard's thread: set up, start users, report once a second, end.

use std::{
    convert::Infallible,
    io,
    rc::Rc,
    sync::{Arc, mpsc},
    time::Duration,
};

use ld_drivers::net::{Net, NetOptions, clock::NS_PER_S};
use ld_results::Recorder;
use ld_vm::{Linked, ScratchPool, program::RunId, value::Var};
use tokio::{
    runtime::{Builder, LocalOptions},
    sync::{mpsc::UnboundedSender, watch},
    task::JoinError,
    time::timeout,
};

use super::{
    Shard,
    report::{Report, Reporter},
    start::Start,
};
use crate::{
    RunError, affinity, conditioner::Conditions, pacer::Spin, signals::Stop, sources::ShardRows,
    throttle::Throttles,
};

/// How long users between two requests may take to say goodbye at the end of a run.
const GOODBYE: Duration = Duration::from_secs(1);

/// Everything a shard is given to do.
pub(crate) struct Job {
    pub(crate) shard: u32,
    pub(crate) shards: u32,
    /// The core its thread is tied to, if to any.
    pub(crate) core: Option<usize>,
    pub(crate) linked: Arc<Linked>,
    pub(crate) run: RunId,
    pub(crate) rows: ShardRows,
    pub(crate) throttles: Arc<Throttles>,
    pub(crate) conditions: Option<Arc<Conditions>>,
    pub(crate) net: NetOptions,
    pub(crate) spin: Spin,
    pub(crate) seed: u64,
    /// What users start with, where that is not up to the program alone.
    pub(crate) vars: Option<Arc<[Var]>>,
    pub(crate) stop: Stop,
    /// Stops all shards.
    pub(crate) halt: watch::Sender<bool>,
    /// Recorders to fill and hand over go out here, full …
    pub(crate) reports: UnboundedSender<Report>,
    /// … and come back here, clear.
    pub(crate) spares: mpsc::Receiver<Recorder>,
}

/// Runs a shard from start to end.
///
/// # Errors
/// When the system refuses what a shard needs: an event loop, a timer; or a data source that
/// the run must not outlast has no more rows.
pub(crate) fn run(job: Job) -> Result<(), RunError> {
    if let Some(core) = job.core {
        // Where a container forbids it, the shard is a little less even and works all the same.
        let _ = affinity::pin_to(core);
    }
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_all().build_local(LocalOptions::default());
    let runtime = runtime.map_err(RunError::Machine)?;
    let (shard, mut reporter) = runtime.block_on(live(job)).map_err(RunError::Machine)?;
    // Requests that are still under way are cut here, and counted as their users are dropped.
    // Look-ups of names cannot be cut: merely dropped, the runtime would wait for the resolver to
    // give up, which takes it half a minute when nobody answers.
    runtime.shutdown_background();
    let program = shard.linked.program();
    let spare = Recorder::new(program.tables.series.len());
    reporter.report(&shard, spare).map_err(RunError::Machine)?;
    let source = shard.used_up.get().and_then(|id| program.tables.sources.get(id.index()));
    source.map_or(Ok(()), |row| Err(RunError::UsedUp(program.consts.text(row.name).to_owned())))
}

/// Starts users and waits until all of them have ended or the run is over.
async fn live(mut job: Job) -> io::Result<(Rc<Shard>, Reporter)> {
    let net = Net::new(&job.net);
    let begin_ns = net.now_ns();
    let run = job.linked.program().tables.runs.get(job.run.index()).copied();
    let linked = Arc::clone(&job.linked);
    let throttles = Arc::clone(&job.throttles);
    let scratch = ScratchPool::of_shard(job.shard, job.shards);
    let shard = Shard::new(linked, job.rows, scratch, throttles, &net, job.spin, job.run)?;
    let shard = shard.conditioned(job.conditions.take());
    let shard = Rc::new(shard);
    let mut pacing = Shard::keep_time(&shard, &net);
    let mut reporter = Reporter::new(job.shard as usize, job.reports, Rc::clone(&net));
    let (run_id, seed, vars) = (job.run, job.seed, job.vars.clone());
    let end_ns = begin_ns.saturating_add(run.map_or(0, |run| run.duration_ns));
    let start = Start { shard: Rc::clone(&shard), net, run: run_id, seed, vars, begin_ns, end_ns };
    start.all(job.shard, job.shards)?;

    let mut report_ns = begin_ns + NS_PER_S;
    while shard.is_live() {
        tokio::select! {
            biased;
            failed = &mut pacing => return Err(pacing_failed(failed)),
            () = job.stop.wait() => break,
            () = shard.stopped.notified() => {
                job.halt.send_replace(true);
                break;
            }
            () = shard.pacer.until(end_ns) => break,
            () = shard.pacer.until(report_ns) => {
                report_ns += NS_PER_S;
                if let Ok(spare) = job.spares.try_recv() {
                    reporter.report(&shard, spare)?;
                }
            }
            () = shard.changed.notified() => {}
        }
    }
    shard.end();
    let drained = async {
        while shard.active.get() > 0 {
            shard.changed.notified().await;
        }
    };
    let patience = Duration::from_nanos(run.map_or(0, |run| run.stop_timeout_ns));
    let _ = timeout(patience, drained).await;
    let idle_users_gone = async {
        while shard.idle_users() > 0 {
            shard.changed.notified().await;
        }
    };
    // Whoever is not gone by then is cut off like those with a request under way.
    let _ = timeout(GOODBYE, idle_users_gone).await;
    Ok((shard, reporter))
}

fn pacing_failed(failed: Result<io::Result<Infallible>, JoinError>) -> io::Error {
    match failed {
        Ok(Err(error)) => error,
        Err(error) => io::Error::other(error),
    }
}
