//! One virtual user: the loop between the machine and a driver.
//!
//! This is the hot path. Per request it takes one future that the driver made, a few loads and
//! stores of its own thread's memory, and no clock reading: what follows a request is due when
//! the request was done, and the driver stamped that.

use std::rc::Rc;

use ld_drivers::{Driver, Stamps};
use ld_vm::{Effect, Resume, User};

use crate::shard::Shard;

/// Runs `user` from `start_ns` until it has ended `ticks` ticks or the run is over.
pub(crate) async fn run<D: Driver>(
    shard: Rc<Shard>,
    driver: Rc<D>,
    mut user: User,
    start_ns: u64,
    ticks: u64,
) {
    let _seat = shard.seat();
    let mut session = driver.session(user.id());
    // When what comes next is due: at the end of what came before, or of the pause after it.
    let mut due_ns = start_ns;
    let mut stamps = Stamps::default();
    let mut resume = Resume::Go;
    loop {
        match shard.step(&mut user, resume) {
            Effect::Request(request) => {
                if shard.is_over() {
                    break;
                }
                let flight = shard.take_off();
                let exchange = driver.exchange(&mut session, request).await;
                flight.land();
                stamps = exchange.stamps;
                resume = Resume::Reply(exchange.reply);
                continue;
            }
            Effect::Sample(sample) => {
                shard.record(&sample, due_ns, &stamps);
                due_ns = stamps.done_ns;
            }
            Effect::Wait(pause_ns) => {
                due_ns = due_ns.saturating_add(pause_ns);
                shard.wait_until(due_ns).await;
            }
            Effect::End(pause_ns) => {
                shard.count_tick();
                if user.iteration() == ticks || shard.is_over() {
                    break;
                }
                if pause_ns > 0 {
                    due_ns = due_ns.saturating_add(pause_ns);
                    shard.wait_until(due_ns).await;
                } else {
                    // A tick may end without ever having waited for anything.
                    tokio::task::coop::consume_budget().await;
                }
            }
        }
        resume = Resume::Go;
    }
    driver.close(session).await;
}
