//! Whole runs of small programs against a counting server on loopback, on real threads.

#![expect(clippy::unwrap_used, reason = "what a test is made of must work")]

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use ld_results::Summary;
use ld_runtime::{
    Engine, Live, Options, Spin, Stop,
    net::{Clock, NetOptions},
};
use ld_vm::{
    Program,
    assemble::assemble,
    isa::{Instruction, Opcode},
    program::{LoadKind, Many, RunId, StageId, StageRow, ThrottleRow},
};

/// Counts and keeps requests of four bytes; answers each with itself, or never.
struct Server {
    address: SocketAddr,
    requests: Arc<AtomicU64>,
    words: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answers: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, words) = (Arc::default(), Arc::default());
        let server = Self { address, requests, words };
        let (requests, words) = (Arc::clone(&server.requests), Arc::clone(&server.words));
        thread::spawn(move || {
            for peer in listener.incoming().map_while(Result::ok) {
                let (requests, words) = (Arc::clone(&requests), Arc::clone(&words));
                thread::spawn(move || serve(peer, answers, &requests, &words));
            }
        });
        server
    }

    fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }

    /// What was sent, sorted.
    fn words(&self) -> Vec<String> {
        let mut words = self.words.lock().unwrap().clone();
        words.sort_unstable();
        words
    }
}

fn serve(mut peer: TcpStream, answers: bool, count: &AtomicU64, words: &Mutex<Vec<String>>) {
    let mut request = [0; 4];
    while peer.read_exact(&mut request).is_ok() {
        words.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
        count.fetch_add(1, Ordering::SeqCst);
        if answers && peer.write_all(&request).is_err() {
            return;
        }
    }
}

/// A program with one run of `users` users who send `ping` and wait until it comes back.
fn pinging(server: &Server, users: u32, run: &str, wait: &str) -> Program {
    let address = server.address;
    let listing = format!(
        r#"
run {run}
scenario socket_user socket @0000 users {users} rate 1000000 wait {wait}
  0000  request socket "ping" "TCP" "ping" needs nothing parts "{address}" "ping" "" options 0 60000000000 4 0
  0001  sample
  0002  end
"#
    );
    assemble(&listing).unwrap()
}

fn engine(program: Program, threads: u32, stop: Stop) -> Engine {
    let options = Options {
        threads,
        seed: 1,
        spin: Spin::Never,
        net: NetOptions::new(Clock::starting_now()),
        stop,
        live: Live::new(true),
        gates: Vec::new(),
        secrets: ld_runtime::Secrets::default(),
    };
    Engine::new(program, options).unwrap()
}

/// Carries out the only run and sums it up.
fn run(program: Program, threads: u32) -> Summary {
    let (_sender, stop) = Stop::by_hand();
    let mut engine = engine(program, threads, stop);
    engine.run(RunId(0), &[]).unwrap();
    engine.summary()
}

#[test]
fn every_user_does_its_ticks_and_client_and_server_count_alike() {
    for threads in [1, 2, 3, 16] {
        let server = Server::start(true);
        let summary = run(pinging(&server, 10, "60s iterations 7", "0s"), threads);
        assert_eq!(summary.totals.requests, 70);
        assert_eq!(summary.totals.failures, 0);
        assert_eq!(server.requests(), 70);
        assert_eq!((summary.ticks, summary.cut), (70, 0));
        assert_eq!((summary.users.planned, summary.users.achieved), (10, 10));
        assert_eq!(summary.bytes.out, 280);
        assert_eq!(summary.generator.threads, threads.min(10) as usize);
        assert!(!summary.interrupted);
    }
}

#[test]
fn a_throttle_holds_all_users_of_all_shards_together_to_its_rate() {
    let server = Server::start(true);
    let mut program = pinging(&server, 10, "400ms iterations 0", "0s");
    let key = program.tables.scenarios[0].user;
    program.tables.throttles.push(ThrottleRow { key, interval_ns: 20_000_000, burst: 1 });
    program.code.insert(0, Instruction::wide(Opcode::Throttle, 0).encode());
    let summary = run(program, 3);
    let most = (summary.duration.achieved_s * 50.0) as u64 + 1;
    let requests = summary.totals.requests;
    assert!((1..=most).contains(&requests), "{requests} of {most}");
    assert!(summary.throttled.requests > 0);
    assert!(summary.throttled.waited_s > 0.0);
}

#[test]
fn several_scenarios_run_side_by_side_and_have_their_own_figures() {
    let server = Server::start(true);
    let address = server.address;
    let request = |name: &str, of: &str| {
        format!(
            r#"request socket "{name}" "TCP" "ping" of "{of}" needs nothing parts "{address}" "ping" "" options 0 60000000000 4 0"#
        )
    };
    let listing = format!(
        r#"
run unlimited iterations 3
scenario socket_user socket @0000 users 5 rate 1000000 wait 0s as "many"
scenario socket_user socket @0003 users 2 rate 1000000 wait 0s after 20ms as "few"
scenario socket_user socket @0006 users 4 rate 1 wait 0s load uniform as "steady"
stage 100ms from 100 to 100 rate 1
  0000  {}
  0001  sample
  0002  end
  0003  {}
  0004  sample
  0005  end
  0006  {}
  0007  sample
  0008  end
"#,
        request("ping", "many"),
        request("ping", "few"),
        request("tick", "steady"),
    );
    let summary = run(assemble(&listing).unwrap(), 2);
    let requests = |name: &str| {
        let of = summary.per_scenario.0.iter().find(|(of, _)| of == name).unwrap();
        (of.1.users.planned, of.1.users.achieved, of.1.figures.requests)
    };
    assert_eq!(requests("many"), (5, 5, 15));
    assert_eq!(requests("few"), (2, 2, 6));
    let arrivals = summary.arrivals.unwrap();
    assert_eq!((arrivals.started, arrivals.missed, arrivals.max_users), (10, 0, 4));
    assert_eq!(requests("steady").2, 10);
    assert_eq!(server.requests(), 15 + 6 + 10);
    let names: Vec<_> = summary.per_name.0.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["many: ping", "few: ping", "tick"]);
}

#[test]
fn a_shape_starts_and_stops_users_who_finish_their_requests() {
    let server = Server::start(true);
    let program = pinging(&server, 6, "60s iterations 0", "0s");
    let mut program = with_stages(program, &[(40, 6.0), (40, 2.0), (40, 4.0)]);
    program.tables.scenarios[0].load = LoadKind::Levels;
    let summary = run(program, 2);
    // Six, and two that come back.
    assert_eq!((summary.users.planned, summary.users.achieved), (8, 8));
    assert_eq!(summary.duration.planned_s, Some(0.12));
    assert_eq!((summary.cut, summary.totals.failures), (0, 0));
    assert_eq!(server.requests(), summary.totals.requests);
}

#[test]
fn requests_under_way_at_the_end_may_finish_for_a_while() {
    let server = Server::start(false);
    let run_for = "50ms iterations 0 stop 100ms";
    let summary = run(pinging(&server, 4, run_for, "0s"), 1);
    assert_eq!((summary.totals.requests, summary.cut), (0, 4));
    assert!(summary.duration.achieved_s >= 0.15, "{:?}", summary.duration);
    let server = Server::start(true);
    let summary = run(pinging(&server, 4, "50ms iterations 0 stop 60s", "0s"), 2);
    assert_eq!(summary.cut, 0);
    assert_eq!(server.requests(), summary.totals.requests);
}

#[test]
fn the_warm_up_is_in_no_figure_but_its_own() {
    let server = Server::start(true);
    let summary = run(pinging(&server, 3, "60s iterations 5 warmup 30s", "0s"), 2);
    assert_eq!((summary.totals.requests, summary.warmup.requests), (0, 15));
    assert_eq!((summary.ticks, summary.generator.lateness.count), (0, 0));
    assert_eq!(server.requests(), 15);
}

/// With stages of so many milliseconds at a level.
fn with_stages(mut program: Program, stages: &[(u64, f64)]) -> Program {
    for &(ms, level) in stages {
        let duration_ns = ms * 1_000_000;
        let row = StageRow { duration_ns, from: level, to: level, spawn_rate: 1e6 };
        program.tables.stages.push(row);
    }
    let stages = Many { first: StageId(0), count: stages.len() as u32 };
    program.tables.scenarios.first_mut().unwrap().stages = stages;
    program
}

#[test]
fn a_run_ends_when_its_time_is_up_and_cuts_what_is_under_way() {
    let server = Server::start(false);
    let summary = run(pinging(&server, 8, "300ms iterations 0", "0s"), 2);
    assert_eq!((summary.totals.requests, summary.cut), (0, 8));
    assert_eq!(server.requests(), 8);
    assert!((0.3..2.0).contains(&summary.duration.achieved_s), "{:?}", summary.duration);
    assert_eq!(summary.duration.planned_s, Some(0.3));
}

#[test]
fn at_the_cut_every_request_of_the_server_is_a_sample_or_counted_as_cut() {
    let server = Server::start(true);
    let summary = run(pinging(&server, 20, "400ms iterations 0", "0s"), 2);
    assert!(summary.totals.requests > 20);
    assert_eq!(summary.totals.failures, 0, "{:?}", summary.errors);
    // A request may be cut before it was sent, while its connection is being opened, and one
    // that was sent may be read by the server a moment later.
    settle(|| server.requests(), summary.totals.requests..=summary.totals.requests + summary.cut);
}

#[test]
fn a_requested_stop_ends_a_run_that_would_go_on_for_ever() {
    let server = Server::start(true);
    let (sender, stop) = Stop::by_hand();
    let mut engine = engine(pinging(&server, 4, "unlimited iterations 0", "3600s"), 2, stop);
    let asking = thread::spawn({
        let requests = Arc::clone(&server.requests);
        move || {
            while requests.load(Ordering::SeqCst) < 4 {
                thread::yield_now();
            }
            sender.send_replace(true);
        }
    });
    engine.run(RunId(0), &[]).unwrap();
    asking.join().unwrap();
    let summary = engine.summary();
    assert!(summary.interrupted && engine.is_stopped());
    assert_eq!(summary.totals.requests + summary.cut, 4);
    assert_eq!(summary.duration.planned_s, None);
}

#[test]
fn results_add_up_over_runs_until_they_are_cleared() {
    let server = Server::start(true);
    let (_sender, stop) = Stop::by_hand();
    let mut engine = engine(pinging(&server, 3, "60s iterations 2", "0s"), 2, stop);
    for runs in 1..=3 {
        engine.run(RunId(0), &[]).unwrap();
        let summary = engine.summary();
        assert_eq!(summary.totals.requests, 6 * runs);
        assert_eq!((summary.users.planned, summary.users.achieved), (3 * runs, 3 * runs));
        assert_eq!(summary.duration.planned_s, Some(60.0 * runs as f64));
    }
    engine.clear();
    assert_eq!(engine.summary().totals.requests, 0);
    assert_eq!(engine.summary().users.planned, 0);
}

#[test]
fn users_start_along_the_ramp() {
    let server = Server::start(true);
    let listing = r#"
run 350ms iterations 0
scenario socket_user socket @0000 users 100 rate 10 wait 3600s
  0000  request socket "ping" "TCP" "ping" needs nothing parts "ADDRESS" "ping" "" options 0 60000000000 4 0
  0001  sample
  0002  end
"#;
    let listing = listing.replace("ADDRESS", &server.address.to_string());
    let summary = run(assemble(&listing).unwrap(), 2);
    // Ten at once, the next ten after a second.
    assert_eq!((summary.users.planned, summary.users.achieved), (100, 10));
    assert_eq!(server.requests(), 10);
}

#[test]
fn shards_share_out_the_rows_of_a_source() {
    let server = Server::start(true);
    let file = std::env::temp_dir().join(format!("ld-runtime-rows-{}.csv", std::process::id()));
    let rows: String = (0..40).map(|row| format!("r{row:03}\n")).collect();
    std::fs::write(&file, format!("\u{feff}word\n{rows}")).unwrap();
    let listing = format!(
        r#"
source words "{}" once
run 60s iterations 12
scenario socket_user socket @0000 users 4 rate 1000000 wait 0s
  0000  row r0 words
  0001  part p1
  0002  put {{cell r0 words "word"}} raw "none"
  0003  request socket "row" "TCP" "row" needs nothing parts "{}" _ "" options 0 60000000000 4 0
  0004  sample
  0005  end
"#,
        file.display(),
        server.address
    );
    let summary = run(assemble(&listing).unwrap(), 2);
    std::fs::remove_file(&file).unwrap();
    // 48 ticks take 40 rows; the other ticks send the placeholder as written.
    assert_eq!((summary.totals.requests, summary.unresolved), (48, 8));
    let mut words = server.words();
    assert_eq!(words.iter().filter(|word| *word == "none").count(), 8);
    words.dedup();
    assert_eq!(words.len(), 41);
}

#[test]
fn a_source_that_is_not_there_is_named() {
    let program =
        assemble("source users \"/nowhere/users.csv\" cycle\nrun 1s iterations 0").unwrap();
    let (_sender, stop) = Stop::by_hand();
    let options = Options {
        threads: 1,
        seed: 1,
        spin: Spin::Never,
        net: NetOptions::new(Clock::starting_now()),
        stop,
        live: Live::new(true),
        gates: Vec::new(),
        secrets: ld_runtime::Secrets::default(),
    };
    let Err(error) = Engine::new(program, options) else { panic!("there is no such file") };
    assert!(error.to_string().starts_with("data source `users`: /nowhere/users.csv: "), "{error}");
}

/// Waits until `value` is in `range`; fails when it is not after a while.
fn settle(value: impl Fn() -> u64, range: std::ops::RangeInclusive<u64>) {
    let until = Instant::now() + Duration::from_secs(10);
    while !range.contains(&value()) {
        assert!(Instant::now() < until, "{} is not in {range:?}", value());
        thread::yield_now();
    }
}
