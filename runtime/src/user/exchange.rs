//! One request of a user, or of a lane of it: what the network makes of it, the driver, the stamps.

use std::num::NonZeroU64;

use ld_drivers::{Driver, Exchange, Stamps};
use ld_vm::{Reply, Request};

use crate::{conditioner::Fate, shard::Shard};

/// Has a request answered. The reply has its time, and what had to come before the request and is no
/// part of it moves `due_ns` on. `leaving` as for [`Shard::take_off`].
#[expect(clippy::manual_async_fn, reason = "that would keep the arguments twice, for every user")]
pub(super) fn exchange<'s, D: Driver>(
    shard: &Shard,
    driver: &'s D,
    session: &'s mut D::Session,
    request: Request<'_>,
    fate: Fate<'s>,
    leaving: bool,
    due_ns: &mut u64,
) -> impl Future<Output = Exchange<'s>> {
    async move {
        if let Fate::Dropped(fault) = fate {
            // Nothing was waited for, so others may have their turn.
            tokio::task::coop::consume_budget().await;
            let now_ns = shard.pacer.clock().now_ns();
            let stamps = Stamps { sent_ns: now_ns, done_ns: now_ns, ..Stamps::default() };
            return Exchange { reply: Reply::fault(fault), stamps };
        }
        let flight = shard.take_off(leaving);
        // Never the beginning of the run, and so no larger than the time it is.
        let held = match fate {
            Fate::Held(held_ns) => NonZeroU64::new(shard.hold(held_ns).await),
            _ => None,
        };
        let mut exchange = driver.exchange(session, request).await;
        flight.land();
        if let Some(held_ns) = held {
            exchange.stamps.sent_ns = held_ns.get().saturating_add(exchange.stamps.prior_ns);
        }
        settle(&mut exchange, due_ns);
        exchange
    }
}

/// Says in the reply what time it took, and moves `due_ns` on by what had to come before.
#[inline]
pub(super) fn settle(exchange: &mut Exchange<'_>, due_ns: &mut u64) {
    let Exchange { reply, stamps } = exchange;
    *due_ns = due_ns.saturating_add(stamps.prior_ns);
    reply.elapsed_ns = stamps.done_ns.saturating_sub(stamps.sent_ns);
}
