//! Setup and teardown: what one user does before the others start and after they have ended.
//!
//! It is the same machine, drivers and steps as in the load of a run, on a shard of its own whose
//! figures nobody adds to the results.

use std::{io, rc::Rc, sync::Arc};

use ld_drivers::{
    Driver, Visitor,
    net::{Clock, Net, NetOptions},
};
use ld_results::{Recorder, Totals};
use ld_vm::{
    ScratchPool, User,
    program::{RunId, ScenarioId, SeriesId},
    value::Var,
};
use tokio::{
    runtime::{Builder, LocalOptions},
    task::{JoinHandle, spawn_local},
};

use super::{Engine, RunError};
use crate::{
    shard::Shard,
    throttle::Throttles,
    user::{self, Turn},
};

/// How something beside the load went.
struct Outcome {
    vars: Arc<[Var]>,
    failure: Option<String>,
}

impl Engine {
    /// Carries out the setup of a run; returns the variables that its users start with.
    pub(super) fn setup(
        &mut self,
        run: RunId,
        scenario: ScenarioId,
    ) -> Result<Arc<[Var]>, RunError> {
        match self.carry_out(run, scenario, None).map_err(RunError::Machine)? {
            Some(Outcome { vars, failure: None }) => Ok(vars),
            Some(Outcome { failure: Some(why), .. }) => Err(RunError::Setup(why)),
            None => {
                self.results.info.interrupted = true;
                Err(RunError::Setup("it was interrupted".to_owned()))
            }
        }
    }

    /// Carries out the teardown of a run, with the variables that its setup left.
    pub(super) fn teardown(&mut self, run: RunId, scenario: ScenarioId, vars: Option<&[Var]>) {
        let failure = match self.carry_out(run, scenario, Some(vars.unwrap_or_default())) {
            Ok(outcome) => outcome.and_then(|outcome| outcome.failure),
            Err(error) => Some(error.to_string()),
        };
        if let Some(why) = failure {
            self.options.live.say(&format!("warning: the teardown failed: {why}"));
        }
    }

    /// `None` when it was interrupted. What comes `after` the load, with variables from before
    /// it, is not: it goes on when something failed or the run is to stop.
    fn carry_out(
        &self,
        run: RunId,
        scenario: ScenarioId,
        after: Option<&[Var]>,
    ) -> io::Result<Option<Outcome>> {
        let program = self.program();
        let protocol = program.tables.scenarios.get(scenario.index()).map(|row| row.protocol);
        let protocol = protocol.and_then(|id| program.tables.protocols.get(id.index()));
        let protocol = protocol.map_or("", |row| program.consts.text(row.name));
        // Not the random choices of the first user.
        let seed = self.options.seed.rotate_left(if after.is_none() { 21 } else { 42 });
        let mut user = User::new(&self.linked, run, scenario, 0, !seed);
        user.inherit(after.unwrap_or_default());

        let mut runtime = Builder::new_current_thread();
        let runtime = runtime.enable_all().build_local(LocalOptions::default())?;
        let outcome = runtime.block_on(async {
            let clock = Clock::starting_now();
            let net = Net::new(&NetOptions { clock, ..self.options.net.clone() });
            let rows = self.sources.for_shard(0, 1);
            let throttles = Arc::new(Throttles::new(&program.tables.throttles));
            let linked = Arc::clone(&self.linked);
            let (scratch, spin) = (ScratchPool::default(), self.options.spin);
            let shard = Shard::new(linked, rows, scratch, throttles, &net, spin, run)?;
            let shard = Rc::new(shard.apart(after.is_none()));
            let mut pacing = Shard::keep_time(&shard, &net);
            let alone = Alone { shard: Rc::clone(&shard), net, user };
            let Some(mut working) = ld_drivers::visit(protocol, alone) else {
                let text = format!("this build has no driver for {protocol}");
                return Err(io::Error::other(text));
            };
            let mut stop = self.options.stop.clone();
            tokio::select! {
                biased;
                () = shard.stopped.notified(), if after.is_none() => {
                    let failure = self.failure(&shard);
                    let failure = failure.or_else(|| Some("its `stop_run` ended the run".into()));
                    Ok(Some(Outcome { vars: Arc::default(), failure }))
                }
                user = &mut working => {
                    let failure = self.failure(&shard);
                    Ok(Some(Outcome { vars: user.map_err(io::Error::other)?.vars().into(), failure }))
                }
                failed = &mut pacing => match failed {
                    Ok(Err(error)) => Err(error),
                    Err(error) => Err(io::Error::other(error)),
                },
                () = stop.wait(), if after.is_none() => Ok(None),
            }
        });
        // As for shards: look-ups of names cannot be cut.
        runtime.shutdown_background();
        outcome
    }

    /// What went wrong first.
    fn failure(&self, shard: &Shard) -> Option<String> {
        let program = self.program();
        let series = program.tables.series.len();
        let mut totals = Totals::new(series);
        totals.absorb(&mut shard.hand_over(Recorder::new(series)));
        if let Some(row) = shard.used_up.get().and_then(|id| program.tables.sources.get(id.index()))
        {
            let name = program.consts.text(row.name);
            return Some(format!("the data source `{name}` has no more rows"));
        }
        if totals.counters().stuck_ticks > 0 {
            return Some("it loops without end".to_owned());
        }
        let (series, _, group) = totals.failures().min_by_key(|(_, _, group)| group.first_ns)?;
        let row = program.tables.series.get(SeriesId(series).index())?;
        let (method, name) = (program.consts.text(row.method), program.consts.text(row.name));
        Some(format!("{method} \"{name}\": {}", group.sample.as_ref().unwrap_or(&group.text)))
    }
}

/// A user to be run by itself.
struct Alone {
    shard: Rc<Shard>,
    net: Rc<Net>,
    user: User,
}

impl Visitor for Alone {
    type Output = JoinHandle<User>;

    fn visit<D: Driver>(self) -> JoinHandle<User> {
        let Self { shard, net, user } = self;
        let start_ns = net.now_ns();
        let driver = Rc::new(D::new(net));
        let turn = Turn {
            // Of none that counts its users.
            scenario: u32::MAX,
            start_ns,
            late: false,
            leave_ns: u64::MAX,
            ticks: 1,
            paced: false,
            hired: None,
        };
        shard.expect(1);
        spawn_local(user::run(shard, driver, user, turn))
    }
}
