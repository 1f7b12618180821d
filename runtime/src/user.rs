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
    shard.wait_until(start_ns).await;
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
                driver.release(&mut session);
                due_ns = due_ns.saturating_add(pause_ns);
                shard.wait_until(due_ns).await;
            }
            Effect::End(pause_ns) => {
                shard.count_tick();
                if user.iteration() == ticks || shard.is_over() {
                    break;
                }
                if pause_ns > 0 {
                    driver.release(&mut session);
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

#[cfg(test)]
mod tests {
    use std::{
        cell::{Cell, RefCell},
        future::{Future, pending},
        sync::Arc,
    };

    use ld_drivers::{
        Exchange,
        net::{Clock, Net, NetOptions},
    };
    use ld_results::{Recorder, Totals};
    use ld_vm::{
        Fault, FaultClass, Linked, Reply, Request, Tables,
        assemble::assemble,
        link::Inputs,
        program::{RunId, ScenarioId},
    };
    use tokio::{
        runtime::{Builder, LocalOptions},
        task::{JoinHandle, spawn_local, yield_now},
    };

    use super::*;
    use crate::{pacer::Spin, sources::Sources};

    /// Answers the requests of all users with the stamps it was given, in order; then never.
    #[derive(Default)]
    struct Scripted {
        stamps: RefCell<Vec<(u64, u64)>>,
        fault: Option<Fault>,
        seen: RefCell<Vec<String>>,
        closed: Cell<u32>,
    }

    impl Driver for Scripted {
        type Session = u32;

        fn new(_net: Rc<Net>) -> Self {
            Self::default()
        }

        fn session(&self, user: u32) -> u32 {
            user
        }

        async fn exchange<'s>(&'s self, _: &'s mut u32, request: Request<'_>) -> Exchange<'s> {
            let target = String::from_utf8_lossy(request.part(0)).into_owned();
            self.seen.borrow_mut().push(target);
            if self.stamps.borrow().is_empty() {
                pending::<()>().await;
            }
            let (sent_ns, done_ns) = self.stamps.borrow_mut().remove(0);
            let reply = self.fault.as_ref().map_or(Reply::EMPTY, Reply::fault);
            Exchange { reply, stamps: Stamps { sent_ns, done_ns, ..Stamps::default() } }
        }

        async fn close(&self, _session: u32) {
            self.closed.set(self.closed.get() + 1);
        }
    }

    /// A tick of two requests with a pause of 100 ns between them.
    const TWO_REQUESTS: &str = r#"
run unlimited iterations 0
scenario u test @0000 users 1 rate 1 wait WAIT
  0000  request test "one" "GET" "/1" needs nothing parts "/1" options
  0001  sample
  0002  pause 100ns
  0003  request test "two" "GET" "/2" needs nothing parts "/2" options
  0004  sample
  0005  end
"#;

    const NOTHING_AT_ALL: &str = r#"
run unlimited iterations 0
scenario u test @0000 users 1 rate 1 wait WAIT
  0000  end
"#;

    struct Stage {
        shard: Rc<Shard>,
        driver: Rc<Scripted>,
    }

    impl Stage {
        /// A shard for users that go through `listing`, and no thread around it.
        fn new(listing: &str, wait: &str, driver: Scripted) -> Self {
            let program = assemble(&listing.replace("WAIT", wait)).unwrap();
            let tables = Tables {
                function: |_| None,
                assertion: |_| None,
                extractor: |_| None,
                protocol: |_| true,
            };
            let inputs = Inputs { env: &|_| None, column: &|_, _| None };
            let linked = Arc::new(Linked::new(program, &tables, &inputs).unwrap());
            let net = Net::new(&NetOptions::new(Clock::starting_now()));
            let rows = Sources::default().for_shard(0, 1);
            let shard = Rc::new(Shard::new(linked, rows, &net, Spin::Never).unwrap());
            let pacing = Rc::clone(&shard);
            spawn_local(async move { pacing.pacer.run().await });
            Self { shard, driver: Rc::new(driver) }
        }

        fn start(&self, ticks: u64) -> JoinHandle<()> {
            self.shard.expect(1);
            let user = User::new(&self.shard.linked, RunId(0), ScenarioId(0), 0, 1);
            spawn_local(run(Rc::clone(&self.shard), Rc::clone(&self.driver), user, 0, ticks))
        }

        fn totals(&self) -> Totals {
            let series = self.shard.linked.program().tables.series.len();
            let mut totals = Totals::new(series);
            totals.absorb(&mut self.shard.hand_over(Recorder::new(series)));
            totals
        }
    }

    fn on_a_shard(test: impl Future<Output = ()>) {
        let runtime =
            Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
        runtime.unwrap().block_on(test);
    }

    #[test]
    fn what_follows_is_due_when_what_came_before_was_done() {
        on_a_shard(async {
            let stamps = vec![(10, 1_000), (1_500, 5_000), (5_020, 9_000), (9_300, 9_900)];
            let driver = Scripted { stamps: RefCell::new(stamps), ..Scripted::default() };
            let stage = Stage::new(TWO_REQUESTS, "50ns", driver);
            stage.start(2).await.unwrap();
            assert_eq!(*stage.driver.seen.borrow(), ["/1", "/2", "/1", "/2"]);
            let totals = stage.totals();
            // From due to done: 0–1000, 1100–5000, 5050–9000, 9100–9900.
            let sum = 1_000 + 3_900 + 3_950 + 800;
            assert_eq!(totals.response().count(), 4);
            assert_eq!((totals.response().min(), totals.response().max()), (800, 3_950));
            assert!((totals.response().mean() - f64::from(sum) / 4.0).abs() < 1.0);
            assert_eq!((totals.service().min(), totals.service().max()), (600, 3_980));
            assert_eq!(totals.counters().ticks, 2);
            assert_eq!(totals.lateness().count(), 1 + 3);
        });
    }

    #[test]
    fn a_fault_is_filed_as_a_failure_and_the_user_goes_on() {
        on_a_shard(async {
            let driver = Scripted {
                stamps: RefCell::new(vec![(1, 2), (3, 4)]),
                fault: Some(Fault::new(FaultClass::Connect, "refused")),
                ..Scripted::default()
            };
            let stage = Stage::new(TWO_REQUESTS, "0s", driver);
            stage.start(1).await.unwrap();
            let totals = stage.totals();
            assert_eq!((totals.requests(), totals.failed()), (2, 2));
            let groups: Vec<_> = totals
                .failures()
                .map(|(series, class, group)| (series, class, group.text.as_str()))
                .collect();
            assert_eq!(groups, [(0, "connect", "refused"), (1, "connect", "refused")]);
        });
    }

    #[test]
    fn at_the_end_a_waiting_user_says_goodbye_and_a_request_under_way_is_cut() {
        on_a_shard(async {
            let stage = Stage::new(NOTHING_AT_ALL, "3600s", Scripted::default());
            let waiting = stage.start(0);
            let busy = Stage::new(TWO_REQUESTS, "0s", Scripted::default());
            let flying = busy.start(0);
            yield_now().await;
            assert_eq!((stage.shard.idle_users(), busy.shard.idle_users()), (1, 0));
            stage.shard.end();
            busy.shard.end();
            waiting.await.unwrap();
            assert_eq!(stage.driver.closed.get(), 1);
            flying.abort();
            assert!(flying.await.unwrap_err().is_cancelled());
            let (busy, waiting) = (busy.totals(), stage.totals());
            assert_eq!((busy.counters().cut, waiting.counters().cut), (1, 0));
            assert_eq!(busy.requests(), 0);
        });
    }

    #[test]
    fn users_without_anything_to_wait_for_take_turns() {
        on_a_shard(async {
            let stage = Stage::new(NOTHING_AT_ALL, "0s", Scripted::default());
            let users = [stage.start(0), stage.start(0)];
            for _ in 0..10 {
                yield_now().await;
            }
            stage.shard.end();
            for user in users {
                user.await.unwrap();
            }
            assert!(stage.totals().counters().ticks > 2);
        });
    }

    #[test]
    fn a_user_costs_little_beside_its_drivers_future_and_session() {
        on_a_shard(async {
            let stage = Stage::new(TWO_REQUESTS, "0s", Scripted::default());
            let user = User::new(&stage.shard.linked, RunId(0), ScenarioId(0), 0, 1);
            let future = run(Rc::clone(&stage.shard), Rc::clone(&stage.driver), user, 0, 0);
            let (bytes, user) = (size_of_val(&future), size_of::<User>());
            assert!(bytes <= 2 * user + 512, "{bytes} bytes for a user of {user}");
        });
    }
}
