//! Which users a shard runs, and starting each of them when it is due.

use std::{io, rc::Rc, sync::Arc};

use ld_drivers::{Driver, Visitor, net::Net};
use ld_vm::{
    Program, User,
    program::{LoadKind, RunId, ScenarioId, ScenarioRow},
    value::Var,
};
use tokio::task::{coop::consume_budget, spawn_local};

use super::{Hired, Pool, Shard, Start as Tick};
use crate::{
    schedule::{Arrivals, Levels, Life, Ramp},
    user::{self, Turn},
};

/// Starts the users of a shard.
pub(super) struct Start {
    pub(super) shard: Rc<Shard>,
    pub(super) net: Rc<Net>,
    pub(super) run: RunId,
    pub(super) seed: u64,
    pub(super) vars: Option<Arc<[Var]>>,
    pub(super) begin_ns: u64,
    /// When the run is over; what is due then or later does not begin.
    pub(super) end_ns: u64,
}

impl Start {
    /// Lets the users of shard `shard` of `shards` start, each at its time after `begin_ns`.
    /// Users are numbered through all scenarios of the run and dealt out to the shards in turn.
    ///
    /// # Errors
    /// When this build has no driver for a scenario's protocol.
    pub(super) fn all(&self, shard: u32, shards: u32) -> io::Result<()> {
        let program = self.shard.linked.program();
        let Some(run) = program.tables.runs.get(self.run.index()) else { return Ok(()) };
        let mut first_user = 0_u32;
        for nth in 0..run.scenarios.count {
            let id = ScenarioId(run.scenarios.first.0 + nth);
            let Some(&row) = program.tables.scenarios.get(id.index()) else { continue };
            let protocol = program.tables.protocols.get(row.protocol.index());
            let protocol = protocol.map_or("", |row| program.consts.text(row.name));
            let crew = Crew {
                start: self,
                id,
                nth,
                row,
                ticks: if row.iterations > 0 { row.iterations } else { run.iterations },
                first_user,
                own: (shard + shards - first_user % shards) % shards,
                shards,
            };
            if ld_drivers::visit(protocol, crew).is_none() {
                return Err(io::Error::other(format!("this build has no driver for {protocol}")));
            }
            first_user = first_user.saturating_add(row.users);
        }
        Ok(())
    }
}

/// The users of one scenario, to be started with the scenario's driver.
struct Crew<'s> {
    start: &'s Start,
    id: ScenarioId,
    /// The scenario's position in the run.
    nth: u32,
    row: ScenarioRow,
    ticks: u64,
    /// The number in the run of the scenario's first user.
    first_user: u32,
    /// Of the scenario's users, this one of every `shards` is this shard's.
    own: u32,
    shards: u32,
}

impl Visitor for Crew<'_> {
    type Output = ();

    fn visit<D: Driver>(self) {
        let Self { start, id, nth, row, ticks, first_user, own, shards } = self;
        let shard = Rc::clone(&start.shard);
        let tables = &shard.linked.program().tables;
        let stages = Program::rows(&tables.stages, row.stages);
        let end_ns = start.end_ns;
        let begin_ns = start.begin_ns.saturating_add(row.start_after_ns).min(end_ns);
        let hire = Hire {
            shard: Rc::clone(&shard),
            driver: Rc::new(D::new(Rc::clone(&start.net))),
            run: start.run,
            id,
            nth,
            seed: start.seed,
            vars: start.vars.clone(),
            first_user,
            begin_ns,
            end_ns,
            ticks,
            paced: row.paced != 0,
        };
        shard.expect(1);
        match row.load {
            LoadKind::Batches => {
                let users = Ramp::new(row.users, row.spawn_rate)
                    .into_iter()
                    .flat_map(move |ramp| ramp.of_shard(own, shards))
                    .map(|(user, start_ns)| Life { user, start_ns, leave_ns: u64::MAX });
                spawn_local(async move { hire.all(users).await });
            }
            LoadKind::Levels => {
                let levels = Levels::new(stages);
                spawn_local(async move {
                    hire.all(levels.lives().filter(|life| life.user % shards == own)).await;
                });
            }
            LoadKind::Uniform | LoadKind::Poisson => {
                let random = row.load == LoadKind::Poisson;
                let seed = random.then(|| start.seed ^ u64::from(id.0 + 1).rotate_right(16));
                let starts = Arrivals::new(stages, end_ns - begin_ns).of_shard(own, shards, seed);
                let room = (row.users + shards - 1 - own) / shards;
                // However often a user comes, it does no more than ticks start.
                let hire = Hire { ticks: 0, ..hire };
                let hire = move |hired: Rc<Hired>, first: Tick| {
                    let nth = hired.place.number;
                    let user = nth.saturating_mul(shards).saturating_add(own);
                    hire.pooled(user, hired, first);
                };
                shard.open(&Pool::new(starts, begin_ns, room.max(1), Box::new(hire)));
            }
        }
    }
}

/// Makes users of one scenario.
struct Hire<D> {
    shard: Rc<Shard>,
    driver: Rc<D>,
    run: RunId,
    id: ScenarioId,
    nth: u32,
    seed: u64,
    vars: Option<Arc<[Var]>>,
    first_user: u32,
    begin_ns: u64,
    end_ns: u64,
    ticks: u64,
    paced: bool,
}

impl<D: Driver> Hire<D> {
    /// Starts users when they are due.
    async fn all(self, lives: impl Iterator<Item = Life>) {
        for life in lives {
            let start_ns = self.begin_ns.saturating_add(life.start_ns);
            self.shard.pacer.until(start_ns.min(self.end_ns)).await;
            if self.shard.is_over() || start_ns >= self.end_ns {
                break;
            }
            let leave_ns = self.begin_ns.saturating_add(life.leave_ns).min(self.end_ns);
            // A user that comes back does not do all over again what it did the first time.
            let again = if life.leave_ns == u64::MAX { 0 } else { life.start_ns };
            let turn = Turn { start_ns, leave_ns, ..self.turn() };
            self.one(life.user, again, turn);
            // Users that start together must not keep those that run already waiting.
            consume_budget().await;
        }
        self.shard.done();
    }

    /// Starts a user of a pool with the start it holds.
    fn pooled(&self, user: u32, hired: Rc<Hired>, first: Tick) {
        let again = if hired.place.taken_over.get() { first.due_ns - self.begin_ns } else { 0 };
        let turn =
            Turn { start_ns: first.due_ns, late: first.late, hired: Some(hired), ..self.turn() };
        self.one(user, again, turn);
    }

    /// The turn of a user that leaves at the end of the run.
    fn turn(&self) -> Turn {
        Turn {
            scenario: self.nth,
            start_ns: self.begin_ns,
            late: false,
            leave_ns: self.end_ns,
            ticks: self.ticks,
            paced: self.paced,
            hired: None,
        }
    }

    /// Starts a user of the scenario. What it draws depends on its number and on `again`.
    fn one(&self, user: u32, again: u64, turn: Turn) {
        let Self { shard, driver, .. } = self;
        let number = self.first_user.saturating_add(user);
        let seed = self.seed.wrapping_add(again);
        let mut user = User::new(&shard.linked, self.run, self.id, number, seed);
        if let Some(vars) = &self.vars {
            user.inherit(vars);
        }
        shard.expect(1);
        spawn_local(user::run(Rc::clone(shard), Rc::clone(driver), user, turn));
    }
}
