//! Which users a shard runs, and starting each of them when it is due.

use std::{io, rc::Rc};

use ld_drivers::{Driver, Visitor, net::Net};
use ld_vm::{
    User,
    program::{RunId, ScenarioId},
};
use tokio::task::{coop::consume_budget, spawn_local};

use super::Shard;
use crate::{schedule::Ramp, user};

/// Starts the users of a shard.
pub(super) struct Start {
    pub(super) shard: Rc<Shard>,
    pub(super) net: Rc<Net>,
    pub(super) run: RunId,
    pub(super) seed: u64,
    pub(super) begin_ns: u64,
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
            let Some(row) = program.tables.scenarios.get(id.index()) else { continue };
            let Some(ramp) = Ramp::new(row.users, row.spawn_rate) else { continue };
            let protocol = program.tables.protocols.get(row.protocol.index());
            let protocol = protocol.map_or("", |row| program.consts.text(row.name));
            let own = (shard + shards - first_user % shards) % shards;
            let users = ramp.of_shard(own, shards);
            self.shard.expect(users.len());
            let users = users.map(move |(user, start_ns)| (first_user + user, start_ns));
            let scenario = Scenario { start: self, id, users, ticks: run.iterations };
            if ld_drivers::visit(protocol, scenario).is_none() {
                return Err(io::Error::other(format!("this build has no driver for {protocol}")));
            }
            first_user = first_user.saturating_add(row.users);
        }
        Ok(())
    }
}

/// The users of one scenario, to be started with the scenario's driver.
struct Scenario<'s, I> {
    start: &'s Start,
    id: ScenarioId,
    /// Their numbers, and when they start after the beginning of the run.
    users: I,
    ticks: u64,
}

impl<I: Iterator<Item = (u32, u64)> + 'static> Visitor for Scenario<'_, I> {
    type Output = ();

    fn visit<D: Driver>(self) {
        let &Start { ref shard, ref net, run, seed, begin_ns } = self.start;
        let shard = Rc::clone(shard);
        let driver = Rc::new(D::new(Rc::clone(net)));
        spawn_local(async move {
            for (number, start_ns) in self.users {
                let start_ns = begin_ns.saturating_add(start_ns);
                shard.pacer.until(start_ns).await;
                if shard.is_over() {
                    return;
                }
                let user = User::new(&shard.linked, run, self.id, number, seed);
                let (shard, driver) = (Rc::clone(&shard), Rc::clone(&driver));
                spawn_local(user::run(shard, driver, user, start_ns, self.ticks));
                // Users that start together must not keep those that run already waiting.
                consume_budget().await;
            }
        });
    }
}
