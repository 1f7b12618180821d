//! Users against a scripted driver and a clock of the test's own.

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
    program::{RunId, ScenarioId, StageRow},
};
use tokio::{
    runtime::{Builder, LocalOptions},
    task::{JoinHandle, spawn_local, yield_now},
};

use super::*;
use crate::{
    pacer::Spin,
    schedule::Arrivals,
    shard::{ArrivalCounts, Pool},
    sources::Sources,
    throttle::Throttles,
};

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
            at_once: |_| true,
        };
        let inputs = Inputs { env: &|_| None, secret: &|_| None, column: &|_, _| None };
        let linked = Arc::new(Linked::new(program, &tables, &inputs).unwrap());
        let net = Net::new(&NetOptions::new(Clock::starting_now()));
        let rows = Sources::default().for_shard(0, 1);
        let throttles = Arc::new(Throttles::new(&linked.program().tables.throttles));
        let scratch = ld_vm::ScratchPool::default();
        let shard = Shard::new(linked, rows, scratch, throttles, &net, Spin::Never, RunId(0));
        let shard = Rc::new(shard.unwrap());
        let pacing = Rc::clone(&shard);
        spawn_local(async move { pacing.pacer.run().await });
        Self { shard, driver: Rc::new(driver) }
    }

    fn start(&self, ticks: u64) -> JoinHandle<User> {
        self.start_at(turn(ticks))
    }

    fn start_at(&self, turn: Turn) -> JoinHandle<User> {
        self.shard.expect(1);
        let user = User::new(&self.shard.linked, RunId(0), ScenarioId(0), 0, 1);
        spawn_local(run(Rc::clone(&self.shard), Rc::clone(&self.driver), user, turn))
    }

    fn totals(&self) -> Totals {
        let series = self.shard.linked.program().tables.series.len();
        let mut totals = Totals::new(series);
        totals.absorb(&mut self.shard.hand_over(Recorder::new(series)));
        totals
    }
}

/// From the start on, for a number of ticks.
fn turn(ticks: u64) -> Turn {
    let leave_ns = u64::MAX;
    Turn { scenario: 0, start_ns: 0, late: false, leave_ns, ticks, paced: false, hired: None }
}

fn on_a_shard(test: impl Future<Output = ()>) {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
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
fn an_attempt_is_due_after_its_pause_and_each_is_a_sample() {
    const RETRIED: &str = r#"
run unlimited iterations 0
scenario u test @0000 users 1 rate 1 wait WAIT
  0000  request test "one" "GET" "/1" needs nothing parts "/1" options
  0001  retry @0000 transient 2 flaky 0 permanent 0 after 300ns to 500ns factor 2 jitter 0 on
  0002  sample
  0003  end
"#;
    on_a_shard(async {
        let driver = Scripted {
            stamps: RefCell::new(vec![(10, 1_000), (1_400, 2_000), (2_600, 2_900)]),
            fault: Some(Fault::new(FaultClass::Reset, "reset")),
            ..Scripted::default()
        };
        let stage = Stage::new(RETRIED, "0s", driver);
        stage.start(1).await.unwrap();
        let totals = stage.totals();
        // Due at 0, 1 300 and 2 500.
        assert_eq!((totals.requests(), totals.failed()), (3, 3));
        assert_eq!((totals.response().min(), totals.response().max()), (400, 1_000));
        assert!((totals.response().mean() - 2_100.0 / 3.0).abs() < 1.0);
        let counters = totals.counters();
        assert_eq!((counters.retried, counters.recovered, counters.ticks), (2, 0, 1));
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
fn a_pace_counts_from_when_a_tick_was_due_and_an_overrun_starts_at_once() {
    on_a_shard(async {
        // A tick of two requests takes 200 ns, 4 900 ns, 200 ns; a pause of 100 ns included.
        let stamps = vec![
            (0, 50),
            (150, 200),
            (1_000, 1_100),
            (1_200, 5_900),
            (5_900, 6_000),
            (6_100, 6_200),
        ];
        let driver = Scripted { stamps: RefCell::new(stamps), ..Scripted::default() };
        let stage = Stage::new(TWO_REQUESTS, "1000ns paced", driver);
        let turn = Turn { paced: true, ..turn(3) };
        stage.start_at(turn).await.unwrap();
        let totals = stage.totals();
        // From due to done; ticks are due at 0, 1 000 and, at once, at 5 900.
        let sum = (50 + 50) + (100 + 4_700) + (100 + 100);
        assert!((totals.response().mean() - f64::from(sum) / 6.0).abs() < 1.0);
        assert_eq!((totals.counters().ticks, totals.counters().overruns), (3, 1));
    });
}

#[test]
fn waiting_for_a_turn_is_no_part_of_the_response_time() {
    on_a_shard(async {
        let listing = r#"
run unlimited iterations 0
scenario u test @0000 users 1 rate 1 wait WAIT
  0000  throttle "t" every 1ms burst 1
  0001  request test "one" "GET" "/1" needs nothing parts "/1" options
  0002  sample
  0003  end
"#;
        // Each tick ends when the next could have its turn at the earliest.
        let turn_ns = |nth: u64| nth * 1_000_000;
        let stamps = (0..3).map(|nth| (turn_ns(nth), turn_ns(nth) + 50)).collect();
        let driver = Scripted { stamps: RefCell::new(stamps), ..Scripted::default() };
        let stage = Stage::new(listing, "0s", driver);
        stage.start(3).await.unwrap();
        let totals = stage.totals();
        let counters = totals.counters();
        assert_eq!(totals.requests(), 3);
        // The first turn is at once. From then on turns are a millisecond apart; a busy machine
        // may ask for them late.
        assert!(counters.throttled <= 2 && counters.throttled_ns <= turn_ns(2), "{counters:?}");
        // What passed until the last reply was either waiting for turns or response time.
        let responses = (totals.response().mean() * 3.0).round() as u64;
        assert_eq!(responses + counters.throttled_ns, turn_ns(2) + 50);
    });
}

#[test]
fn a_user_that_is_to_leave_finishes_its_request_and_begins_no_other() {
    on_a_shard(async {
        for (leave_ns, requests) in [(0, 0), (1, 1), (1_050, 1), (5_000, 2), (5_010, 2), (5_051, 3)]
        {
            let stamps = vec![(10, 1_000), (1_500, 5_000), (5_020, 9_000)];
            let driver = Scripted { stamps: RefCell::new(stamps), ..Scripted::default() };
            let stage = Stage::new(TWO_REQUESTS, "50ns", driver);
            stage.start_at(Turn { leave_ns, ..turn(0) }).await.unwrap();
            assert_eq!(stage.totals().requests(), requests, "leaving at {leave_ns}");
            assert_eq!(stage.driver.closed.get(), 1);
        }
    });
}

#[test]
fn what_is_due_in_the_warm_up_is_counted_apart() {
    on_a_shard(async {
        let driver = Scripted {
            stamps: RefCell::new(vec![(10, 20), (130, u64::MAX / 4)]),
            fault: Some(Fault::new(FaultClass::Connect, "refused")),
            ..Scripted::default()
        };
        let listing = TWO_REQUESTS.replace("iterations 0", "iterations 0 warmup 3600s");
        let stage = Stage::new(&listing, "0s", driver);
        stage.start(1).await.unwrap();
        let totals = stage.totals();
        assert_eq!((totals.requests(), totals.counters().ticks), (0, 0));
        let counters = totals.counters();
        assert_eq!((counters.warmup_requests, counters.warmup_failures), (2, 2));
        assert_eq!((totals.lateness().count(), totals.failures().count()), (0, 0));
    });
}

/// Ticks of one request due at 0, 10, 20 … ns.
fn arrivals(stage: &Stage, starts: u32, room: u32) -> Rc<Pool> {
    let duration_ns = u64::from(starts) * 10;
    pool(stage, StageRow { duration_ns, from: 1e8, to: 1e8, spawn_rate: 1.0 }, room)
}

/// Ticks that start at a rate, with at most `room` users.
fn pool(stage: &Stage, row: StageRow, room: u32) -> Rc<Pool> {
    let (shard, driver) = (Rc::clone(&stage.shard), Rc::clone(&stage.driver));
    let hire = move |hired: Rc<Hired>, Start { due_ns: start_ns, late }| {
        let user = User::new(&shard.linked, RunId(0), ScenarioId(0), hired.place.number, 1);
        shard.expect(1);
        let turn = Turn { start_ns, late, hired: Some(hired), ..turn(0) };
        spawn_local(run(Rc::clone(&shard), Rc::clone(&driver), user, turn));
    };
    let starts = Arrivals::new(&[row], u64::MAX).of_shard(0, 1, None);
    let pool = Pool::new(starts, 0, room, Box::new(hire));
    stage.shard.expect(1);
    stage.shard.open(&pool);
    pool
}

const ONE_REQUEST: &str = r#"
run unlimited iterations 0
scenario u test @0000 users 1 rate 1 wait WAIT
  0000  request test "one" "GET" "/1" needs nothing parts "/1" options
  0001  sample
  0002  end
"#;

#[test]
fn a_tick_that_had_to_wait_for_a_user_is_late_and_its_response_time_is_from_its_due_time() {
    on_a_shard(async {
        let stamps = vec![(0, 25), (25, 55), (55, 58)];
        let driver = Scripted { stamps: RefCell::new(stamps), ..Scripted::default() };
        let stage = Stage::new(ONE_REQUEST, "0s", driver);
        let pool = arrivals(&stage, 3, 1);
        while stage.shard.is_live() {
            yield_now().await;
        }
        // Due at 0, 10 and 20; done at 25, 55 and 58.
        let totals = stage.totals();
        assert_eq!((totals.response().min(), totals.response().max()), (25, 45));
        assert_eq!(totals.service().max(), 30);
        let ArrivalCounts { started, late, missed, users } = pool.counts();
        assert_eq!((started, late, missed, users), (3, 2, 0, 1));
        assert_eq!(stage.driver.closed.get(), 1);
        // Only the first was on the generator to start in time.
        assert_eq!(totals.lateness().count(), 1);
    });
}

/// p99 of response time, in microseconds, of 1 000 ticks 10 µs apart against a server that takes
/// 1 µs for a request and stands still from 2 000 to 3 400 µs, with at most `users`. (A run of ten
/// seconds and a stall of 1.4 s, a thousand times faster.)
fn p99_with_a_stall(users: u32) -> f64 {
    const US: u64 = 1_000;
    let stall = 2_000 * US..3_400 * US;
    let mut free_ns = 0;
    let stamps = (0..1_000).map(|nth| {
        let due_ns = nth * 10 * US;
        // A single user sends its next request once it has the last reply.
        let sent_ns = if users == 1 { due_ns.max(free_ns) } else { due_ns };
        let answered_ns = if stall.contains(&sent_ns) { stall.end } else { sent_ns };
        free_ns = answered_ns + US;
        (sent_ns, free_ns)
    });
    let stamps = RefCell::new(stamps.collect());
    let p99 = Cell::new(0.0);
    on_a_shard(async {
        let stage = Stage::new(ONE_REQUEST, "0s", Scripted { stamps, ..Scripted::default() });
        let row = StageRow { duration_ns: 10_000 * US, from: 1e5, to: 1e5, spawn_rate: 1.0 };
        let pool = pool(&stage, row, users);
        while stage.shard.is_live() {
            yield_now().await;
        }
        let totals = stage.totals();
        assert_eq!((totals.requests(), pool.counts().started), (1_000, 1_000));
        p99.set(totals.response().percentile(99.0) / US as f64);
    });
    p99.get()
}

#[test]
fn a_stall_shows_in_the_response_times_of_all_that_were_due_in_it() {
    // Ten of a thousand ticks take longer than p99: those due in the first 100 µs of the stall.
    // With a user for each, the tick due then has its reply when the stall ends. A single user
    // goes through them one after the other, 1 µs each.
    for (users, expected) in [(1_000, 1_401.0 - 100.0), (1, 1_401.0 - 100.0 + 10.0)] {
        let p99 = p99_with_a_stall(users);
        assert!((p99 / expected - 1.0).abs() < 0.01, "{users} users: {p99}, not {expected}");
    }
}

#[test]
fn users_come_as_ticks_need_them_and_are_used_again() {
    on_a_shard(async {
        // All are due at once in the eyes of the clock, so each takes a user of its own, until
        // those that are done are free.
        let stamps = (0..40).map(|nth| (nth * 10, nth * 10 + 1)).collect();
        let driver = Scripted { stamps: RefCell::new(stamps), ..Scripted::default() };
        let stage = Stage::new(ONE_REQUEST, "0s", driver);
        let pool = arrivals(&stage, 40, 1_000);
        while stage.shard.is_live() {
            yield_now().await;
        }
        let ArrivalCounts { started, late, missed, users } = pool.counts();
        assert_eq!((started, late, missed), (40, 0, 0));
        assert!((1..40).contains(&users), "{users} users");
        assert_eq!(stage.driver.closed.get(), users);
        assert_eq!(stage.totals().response().max(), 1);
    });
}

/// A tick of one request, after which the user ends.
const ENDS_BY_ITSELF: &str = r#"
run unlimited iterations 0
scenario u test @0000 users 1 rate 1 wait WAIT
  0000  request test "one" "GET" "/1" needs nothing parts "/1" options
  0001  sample
  0002  stop user
  0003  end
"#;

#[test]
fn users_that_end_by_themselves_leave_their_places_to_others() {
    on_a_shard(async {
        // With one place, each tick has to wait for the one before; with two, some do not.
        for (room, late) in [(1, 3..=3), (2, 0..=2)] {
            let stamps = vec![(0, 25), (25, 55), (55, 58), (60, 70)];
            let driver = Scripted { stamps: RefCell::new(stamps), ..Scripted::default() };
            let stage = Stage::new(ENDS_BY_ITSELF, "0s", driver);
            let pool = arrivals(&stage, 4, room);
            while stage.shard.is_live() {
                yield_now().await;
            }
            let counts = pool.counts();
            assert_eq!((counts.started, counts.missed), (4, 0), "{counts:?}");
            assert!(late.contains(&counts.late) && counts.users <= room, "{counts:?}");
            assert_eq!((stage.totals().requests(), stage.driver.closed.get()), (4, 4));
        }
    });
}

#[test]
fn ticks_that_were_due_and_never_started_are_missed() {
    on_a_shard(async {
        let stage = Stage::new(ONE_REQUEST, "0s", Scripted::default());
        let pool = arrivals(&stage, 5, 2);
        for _ in 0..10 {
            yield_now().await;
        }
        stage.shard.end();
        let ArrivalCounts { started, missed, .. } = pool.counts();
        assert_eq!((started, missed), (2, 3));
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
        let future = run(Rc::clone(&stage.shard), Rc::clone(&stage.driver), user, turn(0));
        let (bytes, user) = (size_of_val(&future), size_of::<User>());
        assert!(bytes <= user + 576, "{bytes} bytes for a user of {user}");
    });
}
