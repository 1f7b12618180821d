//! One virtual user: the loop between the machine and a driver.
//!
//! This is the hot path. Per request it takes one future that the driver made, a few loads and
//! stores of its own thread's memory, and no clock reading: what follows a request is due when
//! the request was done, and the driver stamped that.

mod exchange;
mod lanes;

use std::io::{self, Write as _};
use std::rc::Rc;

use ld_drivers::{Driver, Stamps};
use ld_vm::program::SeriesId;
use ld_vm::{Effect, Resume, Scope, User};

use self::{
    exchange::{exchange, settle},
    lanes::{Lanes, Times},
};
use crate::shard::{Hired, Shard, Start};

/// When a user runs.
pub(crate) struct Turn {
    /// Its scenario, by position in the run.
    pub(crate) scenario: u32,
    /// When its first tick is due.
    pub(crate) start_ns: u64,
    /// That was due before the user could come.
    pub(crate) late: bool,
    /// From when on it begins nothing more.
    pub(crate) leave_ns: u64,
    /// After how many ticks it ends; 0 for no limit.
    pub(crate) ticks: u64,
    /// Whether the time between ticks counts from when one was due instead of its end.
    pub(crate) paced: bool,
    /// Where its ticks start, if they do not follow each other.
    pub(crate) hired: Option<Rc<Hired>>,
}

/// Runs `user` until it has ended its ticks, is to leave, or the run is over; returns it as it
/// is then.
#[expect(clippy::manual_async_fn, reason = "that would keep the arguments twice, for every user")]
pub(crate) fn run<D: Driver>(
    shard: Rc<Shard>,
    driver: Rc<D>,
    mut user: User,
    turn: Turn,
) -> impl Future<Output = User> {
    async move {
        let _seat = shard.seat(turn.scenario);
        let mut session = driver.session(user.id());
        // When what comes next is due: at the end of what came before, or of the pause after it.
        let mut due_ns = turn.start_ns;
        let mut tick_ns = due_ns;
        if !turn.late {
            shard.wait_until(due_ns).await;
        }
        if let Some(hired) = &turn.hired
            && !shard.is_over()
        {
            hired.pool.begin(&shard, Start { due_ns, late: turn.late });
        }
        let mut stamps = Stamps::default();
        let mut resume = Resume::Go;
        let mut groups = Groups::default();
        let mut leaving = false;
        let mut network = shard.network(user.id());
        loop {
            // Where the user ends, it does what its scenario does last, if there is such a thing.
            let mut ends = false;
            match shard.step(&mut user, resume) {
                Effect::Request(_) if !leaving && (shard.is_over() || due_ns >= turn.leave_ns) => {
                    ends = true;
                }
                Effect::Request(request) => {
                    let exchange = if let Some(network) = &mut network {
                        let fate = network.fate(request.series());
                        let (session, due_ns) = (&mut session, &mut due_ns);
                        exchange(&shard, &*driver, session, request, fate, leaving, due_ns).await
                    } else {
                        // Without one more future around the driver's, which every request paid for.
                        let flight = shard.take_off(leaving);
                        let mut exchange = driver.exchange(&mut session, request).await;
                        flight.land();
                        settle(&mut exchange, &mut due_ns);
                        exchange
                    };
                    stamps = exchange.stamps;
                    resume = Resume::Reply(exchange.reply);
                    continue;
                }
                Effect::Sample(sample) => {
                    let failed = sample.failure.is_some();
                    groups.heed(failed);
                    shard.record(&sample, due_ns, &stamps);
                    due_ns = stamps.done_ns;
                    ends = failed && shard.gives_up();
                }
                Effect::Retry(attempt, pause_ns) => {
                    shard.record(&attempt, due_ns, &stamps);
                    driver.release(&mut session);
                    due_ns = stamps.done_ns.saturating_add(pause_ns);
                    shard.wait_within(due_ns, turn.leave_ns).await;
                }
                Effect::Wait(pause_ns) => {
                    driver.release(&mut session);
                    due_ns = due_ns.saturating_add(pause_ns);
                    shard.wait_within(due_ns, turn.leave_ns).await;
                    if pause_ns == 0 {
                        // What is due waits for nothing, and others have to get their turn.
                        tokio::task::yield_now().await;
                    }
                }
                Effect::Throttle(throttle) => {
                    if let Some((turn_ns, wait_ns)) = shard.turn(throttle, due_ns) {
                        driver.release(&mut session);
                        // Waiting for a turn is no part of the response time; being late before was.
                        due_ns = due_ns.saturating_add(wait_ns);
                        shard.wait_within(turn_ns, turn.leave_ns).await;
                    }
                }
                Effect::End(pause_ns) => {
                    shard.count_tick(tick_ns);
                    ends = 'tick: {
                        if user.iteration() == turn.ticks || shard.is_over() {
                            break 'tick true;
                        }
                        if let Some(hired) = &turn.hired {
                            let Hired { pool, place } = &**hired;
                            driver.release(&mut session);
                            let Some(start) = pool.next(&shard, place, due_ns).await else {
                                break 'tick true;
                            };
                            due_ns = start.due_ns;
                            if start.late {
                                // For want of users, which says nothing about the generator.
                                tokio::task::coop::consume_budget().await;
                            } else {
                                shard.wait_until(due_ns).await;
                            }
                            if shard.is_over() {
                                break 'tick true;
                            }
                            pool.begin(&shard, start);
                        } else {
                            let ended_ns = due_ns;
                            due_ns =
                                if turn.paced { tick_ns } else { due_ns }.saturating_add(pause_ns);
                            if due_ns < ended_ns {
                                shard.count_overrun(tick_ns);
                                due_ns = ended_ns;
                            }
                            if due_ns > ended_ns {
                                driver.release(&mut session);
                                shard.wait_within(due_ns, turn.leave_ns).await;
                            } else {
                                // A tick may end without ever having waited for anything.
                                tokio::task::coop::consume_budget().await;
                            }
                        }
                        tick_ns = due_ns;
                        due_ns >= turn.leave_ns
                    };
                }
                Effect::Enter(series) => groups.enter(series, due_ns),
                Effect::Leave => {
                    if let Some(group) = groups.leave() {
                        shard.record_group(&group, due_ns);
                    }
                }
                Effect::Fork(fork) => {
                    driver.release(&mut session);
                    // In one expression, so that a user who waits has room for nothing of it.
                    let outcome = Box::pin(
                        Lanes::new(
                            &shard,
                            &*driver,
                            &mut user,
                            &mut network,
                            Times { due_ns, leave_ns: turn.leave_ns, leaving },
                        )
                        .run(fork, &mut session),
                    )
                    .await;
                    due_ns = outcome.done_ns;
                    groups.heed(outcome.failed);
                    ends = outcome.ends || (outcome.failed && shard.gives_up());
                }
                // Of a user that is no lane there is nothing to join.
                Effect::Join => ends = true,
                Effect::Forget => driver.forget_cookies(&mut session),
                Effect::Log(text) => log(text),
                Effect::Stop(Scope::User) => ends = true,
                Effect::Stop(Scope::Run) => {
                    shard.stop_run();
                    ends = true;
                }
                Effect::UsedUp(source) => {
                    shard.used_up(source);
                    ends = true;
                }
                Effect::Stuck => {
                    shard.count_stuck();
                    due_ns = due_ns.saturating_add(STUCK_PAUSE_NS);
                    groups = Groups::default();
                    shard.wait_until(due_ns).await;
                }
            }
            resume = Resume::Go;
            if ends {
                if leaving || !user.leave() {
                    break;
                }
                leaving = true;
                groups = Groups::default();
            }
        }
        driver.close(session).await;
        if let Some(hired) = &turn.hired {
            hired.pool.leave(&shard, &hired.place, due_ns);
        }
        user
    }
}

/// The pause after a tick that would not end, so that plans cannot spin the generator.
const STUCK_PAUSE_NS: u64 = 1_000_000;

/// Shows a text of the plan. It goes beside what the run prints itself; when nobody reads
/// that, nobody misses this.
fn log(text: &[u8]) {
    let _ = writeln!(io::stderr(), "{}", String::from_utf8_lossy(text));
}

/// The groups a user is in, the innermost last.
#[derive(Default)]
struct Groups(Vec<Group>);

/// A group that has begun.
pub(crate) struct Group {
    pub(crate) series: SeriesId,
    pub(crate) begin_ns: u64,
    /// A request in it failed.
    pub(crate) failed: bool,
}

impl Groups {
    fn enter(&mut self, series: SeriesId, begin_ns: u64) {
        self.0.push(Group { series, begin_ns, failed: false });
    }

    /// A failure is one of all groups around it; each hands it on when it ends.
    fn heed(&mut self, failed: bool) {
        if let Some(group) = self.0.last_mut() {
            group.failed |= failed;
        }
    }

    fn leave(&mut self) -> Option<Group> {
        let group = self.0.pop()?;
        self.heed(group.failed);
        Some(group)
    }
}

#[cfg(test)]
mod tests;
